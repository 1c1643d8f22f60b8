/** Passkeys: the browser asks a device, the server checks what it has signed. */
import { get, post, remove, type Session } from './api';

interface Offer {
  challenge: string;
  host: string;
  known: string[];
}

export interface Passkey {
  id: string;
  name: string;
}

export const hasPasskeys = () => 'PublicKeyCredential' in window;

const base64 = (octets: ArrayBuffer) => btoa(String.fromCharCode(...new Uint8Array(octets)));

const octetsOf = (base64url: string) =>
  Uint8Array.from(atob(base64url.replace(/-/g, '+').replace(/_/g, '/')), (each) => each.charCodeAt(0));

const challengeOf = (offer: Offer) => new TextEncoder().encode(offer.challenge);

/** ES256, EdDSA and RS256 of COSE. */
const algorithms = [-7, -8, -257];

export async function addPasskey(account: string, name: string): Promise<Passkey[]> {
  const offer = await post<Offer>('/session/passkeys/challenge');
  const made = (await navigator.credentials.create({
    publicKey: {
      challenge: challengeOf(offer),
      rp: { id: offer.host, name: 'Lyceum' },
      user: { id: new TextEncoder().encode(account), name: account, displayName: account },
      pubKeyCredParams: algorithms.map((alg) => ({ type: 'public-key', alg })),
      excludeCredentials: offer.known.map((id) => ({ type: 'public-key', id: octetsOf(id) })),
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    },
  })) as PublicKeyCredential;
  const response = made.response as AuthenticatorAttestationResponse;
  const { items } = await post<{ items: Passkey[] }>('/session/passkeys', {
    name,
    algorithm: response.getPublicKeyAlgorithm(),
    client_data: base64(response.clientDataJSON),
    authenticator_data: base64(response.getAuthenticatorData()),
  });
  return items;
}

export async function logInByPasskey(): Promise<Session> {
  const offer = await post<Offer>('/session/passkey-challenge');
  const used = (await navigator.credentials.get({
    publicKey: { challenge: challengeOf(offer), rpId: offer.host, userVerification: 'required' },
  })) as PublicKeyCredential;
  const response = used.response as AuthenticatorAssertionResponse;
  return post<Session>('/session/passkey', {
    id: used.id,
    client_data: base64(response.clientDataJSON),
    authenticator_data: base64(response.authenticatorData),
    signature: base64(response.signature),
  });
}

export const listPasskeys = async () => (await get<{ items: Passkey[] }>('/session/passkeys')).items;
export const removePasskey = (id: string) => remove(`/session/passkeys/${encodeURIComponent(id)}`);
