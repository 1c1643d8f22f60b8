/** Calls that are over: how they went in a sentence, and what was said by SIP as a ladder. */
import { useEffect, useState } from 'preact/hooks';
import { get } from './api';
import { dateTime, label, t } from './i18n';
import { attempt, Chip, Dialog, Empty, More, Search, useCollection } from './parts';
import { type Heard, troublesOf } from './trouble';

interface Call {
  id: number;
  caller: string;
  callee: string;
  way: string;
  started: string;
  answered: string;
  seconds: number;
  status: number;
  why: string;
  heard: Partial<Heard> & { mos_tenths?: number; course?: Stretch[] };
}

/** A few seconds of a call. */
interface Stretch {
  second: number;
  packets: number;
  loss_permille: number;
  jitter_ms: number;
  level_db: number;
}

interface Message {
  after_ms: number;
  received: boolean;
  transport: string;
  peer: string;
  text: string;
}

/** "sip:ann@example.org;transport=udp" as people say it. */
const short = (uri: string) => uri.replace(/^sips?:/, '').replace(/[;?].*$/, '');

/** What was wrong with it, or that nothing was. */
function sentence(call: Call): string {
  if (!call.answered)
    switch (call.status) {
      case 401:
      case 407:
        return t('The password was not said, or was wrong.');
      case 403:
        return t('He may not do this: a locked room, a wrong PIN, or a rule.');
      case 404:
      case 604:
        return t('There is nobody of that name or number.');
      case 408:
        return t('Nobody answered.');
      case 480:
        return t('No device was there.');
      case 486:
      case 600:
        return t('The called was busy.');
      case 487:
        return t('The caller has hung up before.');
      case 488:
        return t('The two have no codec or encryption in common.');
      case 603:
        return t('The called has refused.');
      default:
        return `${call.status} ${call.why}`;
    }
  const { mos_tenths: mos } = call.heard;
  if (mos === undefined) return call.why;
  if (call.heard.codec) {
    const troubles = troublesOf(call.heard as Heard, call.seconds > 5);
    if (troubles.length > 0 && (call.heard.packets || call.seconds > 5)) return troubles.join(' ');
  }
  return mos >= 36 ? t('It sounded well.') : `MOS ${mos / 10}`;
}

const ways: [string, string][] = [
  ['', 'All calls'],
  ['way=room', 'Calls to rooms'],
  ['way=member', 'Between people'],
  ['answered=', 'Not answered'],
];

export function Calls(props: { mayTrace: boolean }) {
  const [way, setWay] = useState('');
  const [since, setSince] = useState('');
  const from = since && `since=${new Date(since).toISOString().slice(0, 19)}Z`;
  const calls = useCollection<Call>('/calls', [way, from].filter(Boolean).join('&'));
  const [shown, setShown] = useState<Call | null>(null);
  const show = (call: Call) => attempt(async () => setShown(await get<Call>(`/calls/${call.id}`)));
  return (
    <section>
      <div class="bar">
        <Search text={calls.text} onText={calls.search} />
        <select
          aria-label={t('Calls')}
          value={way}
          onChange={(event) => setWay(event.currentTarget.value)}
        >
          {ways.map(([value, name]) => (
            <option key={value} value={value}>
              {t(name)}
            </option>
          ))}
        </select>
        <input
          type="date"
          aria-label={t('Since')}
          value={since}
          onChange={(event) => setSince(event.currentTarget.value)}
        />
      </div>
      {calls.rows?.length === 0 ? (
        <Empty />
      ) : (
        <div class="overflow-auto">
          <table class="striped">
            <thead>
              <tr>
                {['began', 'caller', 'callee', 'talked', 'why'].map((each) => (
                  <th key={each} scope="col">
                    {label(each)}
                  </th>
                ))}
                <th scope="col">MOS</th>
              </tr>
            </thead>
            <tbody>
              {calls.rows?.map((call) => (
                <tr key={call.id}>
                  <td>
                    <button class="plain link" onClick={() => void show(call)}>
                      {dateTime(call.started)}
                    </button>
                  </td>
                  <td>{short(call.caller)}</td>
                  <td>{short(call.callee)}</td>
                  <td>{call.answered ? call.seconds : <Chip kind="warn">{call.status}</Chip>}</td>
                  <td>{sentence(call)}</td>
                  <td>{call.heard.mos_tenths && <Mos tenths={call.heard.mos_tenths} />}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <More more={calls.more} />
      {shown && (
        <Dialog title={`${short(shown.caller)} → ${short(shown.callee)}`} onClose={() => setShown(null)}>
          <p>{sentence(shown)}</p>
          {shown.heard.codec && <Facts heard={shown.heard as Heard} />}
          {shown.heard.course && <Course course={shown.heard.course} />}
          {props.mayTrace && (
            <>
              <p>
                <a href={`/api/v1/calls/${shown.id}/capture`} download>
                  {t('Download for Wireshark')}
                </a>
              </p>
              <Ladder call={shown} />
            </>
          )}
        </Dialog>
      )}
    </section>
  );
}

function Mos({ tenths }: { tenths: number }) {
  return <Chip kind={tenths >= 36 ? 'live' : 'warn'}>{(tenths / 10).toFixed(1)}</Chip>;
}

function Facts({ heard }: { heard: Heard }) {
  return (
    <p class="chips">
      <Chip>{heard.codec}</Chip>
      <Chip>{heard.encrypted ? t('encrypted') : t('in clear')}</Chip>
      <Chip>{heard.source || heard.announced}</Chip>
    </p>
  );
}

const courseHeight = 60;

/** Loss, jitter and level over the time of a call. */
function Course({ course }: { course: Stretch[] }) {
  const last = Math.max(1, course[course.length - 1].second);
  const lines: [string, string, (each: Stretch) => number, number][] = [
    ['loss', 'Lost packets (‰)', (each) => each.loss_permille, 50],
    ['jitter', 'Jitter (ms)', (each) => each.jitter_ms, 50],
    ['level', 'Level (dB)', (each) => Math.max(0, each.level_db + 60), 60],
  ];
  return (
    <div class="course">
      {lines.map(([name, title, value, least]) => {
        const most = Math.max(least, ...course.map(value));
        const points = course
          .map((each) => `${(each.second / last) * 600},${courseHeight - (value(each) / most) * courseHeight}`)
          .join(' ');
        const worst = name === 'level' ? Math.max(...course.map(value)) - 60 : Math.max(...course.map(value));
        return (
          <figure key={name} class={name}>
            <figcaption>
              {t(title)} <strong>{worst}</strong>
            </figcaption>
            <svg viewBox={`0 -2 600 ${courseHeight + 4}`} preserveAspectRatio="none" role="img" aria-label={`${t(title)} ${worst}`}>
              <polyline points={points} />
            </svg>
          </figure>
        );
      })}
    </div>
  );
}

const rung = 34; // Height of a message.
const width = 640;

/** The messages of one call between us and everybody else who was in it; one shows its text. */
function Ladder({ call }: { call: Call }) {
  const [messages, setMessages] = useState<Message[] | null>(null);
  const [chosen, choose] = useState(0);
  useEffect(() => {
    void attempt(async () =>
      setMessages((await get<{ items: Message[] }>(`/calls/${call.id}/messages`)).items),
    );
  }, [call.id]);
  if (!messages) return null;
  if (messages.length === 0) return <Empty>{t('What was said by SIP is not known any more.')}</Empty>;
  const peers = [...new Set(messages.map((each) => each.peer))];
  const columns = [peers[0], 'Lyceum', ...peers.slice(1)];
  const x = (column: string) => ((columns.indexOf(column) + 0.5) * width) / columns.length;
  return (
    <div class="ladder">
      <svg viewBox={`0 0 ${width} ${messages.length * rung + 46}`} role="group" aria-label="SIP">
        <defs>
          <marker id="head" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto">
            <path d="M0 0 8 4 0 8z" />
          </marker>
        </defs>
        {columns.map((column) => (
          <g key={column}>
            <text class="head" x={x(column)} y={16}>
              {column}
            </text>
            <line class="rail" x1={x(column)} x2={x(column)} y1={24} y2={messages.length * rung + 46} />
          </g>
        ))}
        {messages.map((message, i) => {
          const y = i * rung + 56;
          const [from, to] = message.received ? [message.peer, 'Lyceum'] : ['Lyceum', message.peer];
          const line = message.text.split('\n', 1)[0];
          const title = line.startsWith('SIP/2.0 ') ? line.slice(8) : line.split(' ', 1)[0];
          const bad = /^[4-6]/.test(title);
          return (
            <g
              key={i}
              class={`${bad ? 'bad' : ''} ${i === chosen ? 'chosen' : ''}`}
              role="button"
              tabIndex={0}
              aria-label={`${title} ${from} → ${to}`}
              onClick={() => choose(i)}
              onKeyDown={(event) => event.key === 'Enter' && choose(i)}
            >
              <rect x={0} y={y - 22} width={width} height={rung} />
              <line x1={x(from)} x2={x(to)} y1={y} y2={y} marker-end="url(#head)" />
              <text x={(x(from) + x(to)) / 2} y={y - 6}>
                {title}
              </text>
              <text class="time" x={4} y={y - 6}>
                {message.after_ms} ms
              </text>
            </g>
          );
        })}
      </svg>
      <pre class="log">{messages[chosen].text.replace(/x{8,}/g, '…')}</pre>
    </div>
  );
}
