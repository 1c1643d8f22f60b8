/** The REST API, described at /api/v1/openapi.json. */

/** Why something was not done: problem details of RFC 9457. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    detail: string,
    readonly field = '',
  ) {
    super(detail);
  }
}

export interface Session {
  account: string;
  role: 'administrator' | 'operator' | 'teacher' | 'reader';
  csrf: string;
  totp: boolean;
}

export interface Page<Row> {
  items: Row[];
  next: string | null;
}

let csrf = '';
let lost: () => void = () => {};

export function useSession(session: Session | null, onLost: () => void) {
  csrf = session?.csrf ?? '';
  lost = onLost;
}

export async function call<T = void>(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<T> {
  let response: Response;
  try {
    response = await fetch(`/api/v1${path}`, {
      method,
      headers: {
        ...headers,
        ...(csrf && method !== 'GET' ? { 'X-CSRF-Token': csrf } : {}),
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new Problem(0, 'The server cannot be reached.');
  }
  if (response.status === 204) return undefined as T;
  const said = await response.json().catch(() => ({}));
  if (response.ok) return said as T;
  if (response.status === 401 && !path.startsWith('/session')) lost();
  throw new Problem(response.status, said.detail ?? response.statusText, said.field);
}

export const get = <T>(path: string) => call<T>('GET', path);
export const post = <T = void>(path: string, body: unknown = {}) => call<T>('POST', path, body);
export const patch = <T = void>(path: string, body: unknown) => call<T>('PATCH', path, body);
export const remove = (path: string) => call('DELETE', path);
export const at = (collection: string, key: string) =>
  `/${collection}/${encodeURIComponent(key)}`;
