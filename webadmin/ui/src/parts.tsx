/** What the pages are made of. */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { get, type Page, Problem } from './api';
import { label, t } from './i18n';
import { live } from './live';
import { refusal } from './refusals';

/** A word at the lower edge, for a moment: what was done, or why it was not. */
let show: (text: string, bad: boolean) => void = () => {};

export function say(text: string) {
  show(text, false);
}

/** Does it, and says why if it cannot be done. True: it is done. */
export async function attempt(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const why = refusal(error.message);
    show(error.field ? `${label(error.field)}: ${why}` : why, true);
    return false;
  }
}

export function Toasts() {
  const [toast, set] = useState<{ text: string; bad: boolean } | null>(null);
  useEffect(() => {
    show = (text, bad) => set({ text, bad });
  }, []);
  useEffect(() => {
    if (!toast) return;
    const timer = setTimeout(() => set(null), toast.bad ? 8000 : 3000);
    return () => clearTimeout(timer);
  }, [toast]);
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toast && (
        <div class={toast.bad ? 'toast bad' : 'toast'}>
          {toast.text}
          <button class="plain" aria-label={t('Close')} onClick={() => set(null)}>
            ×
          </button>
        </div>
      )}
    </div>
  );
}

export function Dialog(props: {
  title: string;
  onClose: () => void;
  children: ComponentChildren;
}) {
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(() => ref.current?.showModal(), []);
  return (
    <dialog ref={ref} onClose={props.onClose} aria-label={props.title}>
      <article>
        <header>
          <button class="plain shut" aria-label={t('Close')} onClick={props.onClose}>
            ×
          </button>
          <strong>{props.title}</strong>
        </header>
        {props.children}
      </article>
    </dialog>
  );
}

export function Chip(props: { kind?: string; children: ComponentChildren }) {
  return <span class={`chip ${props.kind ?? ''}`}>{props.children}</span>;
}

export function Hand() {
  return (
    <svg class="icon" viewBox="0 0 16 16" role="img" aria-label={t('Hand up')}>
      <path d="M4 9V4.500a1 1 0 0 1 2 0V3a1 1 0 0 1 2 0v-.5a1 1 0 0 1 2 0V4a1 1 0 0 1 2 0v6c0 3-1.500 5-4.500 5S4.500 13 3 11L1.600 9.200a1 1 0 0 1 1.600-1.200z" />
    </svg>
  );
}

export function Empty(props: { children?: ComponentChildren }) {
  return <p class="empty">{props.children ?? t('Nothing here yet.')}</p>;
}

/** How loud somebody is: looks by itself ten times a second, without rendering anything again. */
export function Meter(props: { room: string; id: string }) {
  const ref = useRef<HTMLMeterElement>(null);
  useEffect(() => {
    const timer = setInterval(() => {
      if (ref.current) ref.current.value = Math.max(0, live.level(props.room, props.id) + 60);
    }, 100);
    return () => clearInterval(timer);
  }, [props.room, props.id]);
  return <meter ref={ref} min={0} max={60} value={0} aria-label={t('Speaking')} />;
}

/** Of a list of any length, what can be seen of it. All rows are of the same height. */
export function Rows<Row>(props: {
  rows: Row[];
  height: number;
  render: (row: Row) => ComponentChildren;
  onEnd?: (() => void) | null; // The last row comes into view: there may be more of them.
}) {
  const ref = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const { rows, height } = props;
  useEffect(() => {
    const look = () => {
      if (ref.current) setTop(Math.max(0, -ref.current.getBoundingClientRect().top));
    };
    look();
    addEventListener('scroll', look, { passive: true });
    return () => removeEventListener('scroll', look);
  }, []);
  const beyond = 12; // Rows drawn above and below what is seen.
  const topmost = Math.min(Math.floor(top / height), rows.length - 1); // It may have become shorter.
  const first = Math.max(0, topmost - beyond);
  const last = Math.min(rows.length, Math.ceil((top + innerHeight) / height) + beyond);
  const atEnd = last === rows.length;
  useEffect(() => {
    if (atEnd) props.onEnd?.();
  }, [atEnd, rows.length]);
  const pad = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (pad.current) pad.current.style.height = `${first * height}px`;
    if (ref.current) ref.current.style.minHeight = `${rows.length * height}px`;
  });
  return (
    <div ref={ref} class="rows" role="list">
      <div ref={pad} aria-hidden="true" />
      {rows.slice(first, last).map(props.render)}
    </div>
  );
}

/** A collection of the API, page by page, with a field to search in it. */
export function useCollection<Row>(path: string, filter = '') {
  const [text, search] = useState('');
  const [rows, setRows] = useState<Row[] | null>(null);
  const [next, setNext] = useState<string | null>(null);
  const wanted = useRef('');
  const load = async (after: string | null) => {
    const query = new URLSearchParams(filter);
    query.set('limit', '100');
    if (text) query.set('q', text);
    if (after !== null) query.set('after', after);
    const mine = `${path}?${query}`;
    wanted.current = mine;
    await attempt(async () => {
      const page = await get<Page<Row>>(mine);
      if (wanted.current !== mine) return; // Something else is looked for meanwhile.
      setRows((before) => (after === null ? page.items : [...(before ?? []), ...page.items]));
      setNext(page.next);
    });
  };
  useEffect(() => {
    const timer = setTimeout(() => void load(null), text ? 150 : 0);
    return () => clearTimeout(timer);
  }, [path, text, filter]);
  return {
    rows,
    text,
    search,
    reload: () => load(null),
    more: next === null ? null : () => load(next),
  };
}

export function Search(props: { text: string; onText: (text: string) => void }) {
  return (
    <input
      type="search"
      class="search"
      value={props.text}
      placeholder={t('Search')}
      aria-label={t('Search')}
      onInput={(event) => props.onText(event.currentTarget.value)}
    />
  );
}

export function More(props: { more: (() => void) | null }) {
  if (!props.more) return null;
  return (
    <button class="outline" onClick={props.more}>
      {t('More')}
    </button>
  );
}

/** What stands in a form, by the names of its fields. */
export function fieldsOf(event: Event): Record<string, string> {
  event.preventDefault();
  const form = new FormData(event.currentTarget as HTMLFormElement);
  return Object.fromEntries([...form].map(([name, value]) => [name, String(value)]));
}

/** A line of numbers over time. */
export function Sparkline(props: { values: number[]; label: string }) {
  const { values } = props;
  const most = Math.max(1, ...values);
  const points = values
    .map((value, i) => `${(i / Math.max(1, values.length - 1)) * 100},${30 - (value / most) * 28}`)
    .join(' ');
  return (
    <svg class="spark" viewBox="0 0 100 32" preserveAspectRatio="none" role="img" aria-label={props.label}>
      <polyline points={points} />
    </svg>
  );
}

/** One number, and how it was of late. */
export function Figure(props: { name: string; value: string; history: number[] }) {
  return (
    <article class="figure">
      <small>{props.name}</small>
      <strong>{props.value}</strong>
      <Sparkline label={props.name} values={props.history} />
    </article>
  );
}
