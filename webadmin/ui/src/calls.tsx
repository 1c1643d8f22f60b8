/** Calls that are over: how they went in a sentence, and what was said by SIP as a ladder. */
import { useEffect, useState } from 'preact/hooks';
import { get } from './api';
import { dateTime, label, t } from './i18n';
import { attempt, Chip, Dialog, Empty, More, Search, useCollection } from './parts';

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
  heard: { mos_tenths?: number; loss_permille?: number; jitter_ms?: number };
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
  const { mos_tenths: mos, loss_permille: loss = 0, jitter_ms: jitter = 0 } = call.heard;
  if (mos === undefined)
    return call.way === 'room' && call.seconds > 5
      ? t('No packet ever arrived from there: a firewall, or a wrong address?')
      : call.why;
  if (loss >= 30) return t('Packets were lost on the way to us: a full or bad network there.');
  if (jitter >= 50) return t('Packets came very unevenly: a wireless network, perhaps.');
  return mos >= 36 ? t('It sounded well.') : `MOS ${mos / 10}`;
}

export function Calls(props: { mayTrace: boolean }) {
  const calls = useCollection<Call>('/calls');
  const [shown, setShown] = useState<Call | null>(null);
  return (
    <section>
      <div class="bar">
        <Search text={calls.text} onText={calls.search} />
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
                    <button class="plain link" onClick={() => setShown(call)}>
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
          {props.mayTrace && <Ladder call={shown} />}
        </Dialog>
      )}
    </section>
  );
}

function Mos({ tenths }: { tenths: number }) {
  return <Chip kind={tenths >= 36 ? 'live' : 'warn'}>{(tenths / 10).toFixed(1)}</Chip>;
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
      <pre class="log">{messages[chosen].text}</pre>
    </div>
  );
}
