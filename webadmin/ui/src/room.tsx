import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import qrcode from 'qrcode-generator';
import { at, get, patch, post, remove } from './api';
import { label, people, t, time } from './i18n';
import { live, nameOf, type Participant, useLive } from './live';
import { attempt, Chip, Dialog, Empty, fieldsOf, Hand, Meter, Rows, say } from './parts';
import { type Heard, isBad, troublesOf } from './trouble';

export interface RoomSettings {
  name: string;
  access: string;
  pin: string;
  host_pin: string;
  encryption: string;
  speakers: number;
  history: number;
  video: string;
  sound: string;
  policy: Record<string, string>;
  roles: Record<string, string>;
  in_force: Record<string, { value: string; from: string }>;
}

const rowHeight = 56;

/** One room: who is in it and what can be done there, and below how it is configured. */
export function RoomPage(props: {
  name: string;
  mayAct: boolean;
  mayConfigure: boolean;
  mayRemove: boolean;
}) {
  useLive();
  const key = props.name.toLowerCase();
  const room = live.rooms.get(key);
  const [asks, setAsks] = useState<'announce' | 'dial-out' | null>(null);
  const act = (action: string, more: object = {}) =>
    attempt(() => post(`/conferences/${encodeURIComponent(key)}/actions`, { action, ...more }));
  const roster = [...(room?.participants.values() ?? [])].sort(order);
  return (
    <>
      <hgroup class="title">
        <h1>{props.name}</h1>
        <p>
          {room ? (
            <>
              {people(roster.length)} · {time(room.conference.began)}{' '}
              {room.conference.locked && <Chip kind="warn">{t('Locked')}</Chip>}{' '}
              {room.conference.lecture && <Chip>{t('Lecture')}</Chip>}
            </>
          ) : (
            t('This room is not in session.')
          )}
        </p>
      </hgroup>
      {room && props.mayAct && (
        <div class="actions" role="toolbar" aria-label={t('Actions')}>
          <button onClick={() => act('mute', { whom: 'all-but-hosts' })}>
            {t('Mute all but hosts')}
          </button>
          <button class="secondary" onClick={() => act(room.conference.locked ? 'unlock' : 'lock')}>
            {room.conference.locked ? t('Unlock') : t('Lock')}
          </button>
          <button
            class="secondary"
            aria-pressed={room.conference.lecture}
            onClick={() => act(room.conference.lecture ? 'lecture-off' : 'lecture-on')}
          >
            {t('Lecture')}
          </button>
          <button class="secondary" onClick={() => setAsks('announce')}>
            {t('Announce')}
          </button>
          <button class="secondary" onClick={() => act('stop', { whom: 'everybody' })}>
            {t('Stop sounds')}
          </button>
          <button class="secondary" onClick={() => setAsks('dial-out')}>
            {t('Call out')}
          </button>
          <button class="danger" onClick={() => confirm(`${t('End')}?`) && act('end')}>
            {t('End')}
          </button>
        </div>
      )}
      {room && (
        <Rows
          rows={roster}
          height={rowHeight}
          render={(each) => (
            <Person key={each.id} room={key} who={each} act={props.mayAct ? act : null} />
          )}
        />
      )}
      {room && roster.length === 0 && <Empty />}
      {asks && (
        <Dialog
          title={asks === 'announce' ? t('Announce') : t('Call out')}
          onClose={() => setAsks(null)}
        >
          <form
            onSubmit={async (event) => {
              const { text, sound } = fieldsOf(event);
              const whom = asks === 'announce' ? { whom: 'everybody' } : {};
              const done = sound
                ? await act('play', { text: sound, ...whom })
                : await act(asks, { text, ...whom });
              if (done) setAsks(null);
            }}
          >
            {asks === 'announce' && <Sounds />}
            <input
              name="text"
              required={asks === 'dial-out'}
              autofocus
              maxLength={500}
              placeholder={asks === 'announce' ? t('What is to be said') : '+49 89 1234, ann, sip:ann@example.org'}
              aria-label={asks === 'announce' ? t('Announce') : t('Dial')}
            />
            <button>{asks === 'announce' ? t('Announce') : t('Call out')}</button>
          </form>
        </Dialog>
      )}
      <Configuration
        name={props.name}
        mayConfigure={props.mayConfigure}
        mayRemove={props.mayRemove}
      />
    </>
  );
}

/** What is kept here to be played in rooms, if anything is. */
function Sounds() {
  const [names, setNames] = useState<string[]>([]);
  useEffect(() => {
    void attempt(async () =>
      setNames((await get<{ items: { name: string }[] }>('/sounds')).items.map((each) => each.name)),
    );
  }, []);
  if (names.length === 0) return null;
  return (
    <label>
      {t('Play a sound')}
      <select name="sound">
        <option value="">–</option>
        {names.map((each) => (
          <option key={each}>{each}</option>
        ))}
      </select>
    </label>
  );
}

/** Who waits to be let in comes first, then who wants to speak, then hosts, then by name. */
function order(a: Participant, b: Participant): number {
  const rank = (each: Participant) =>
    each.state !== 'inside' ? 0 : each.hand ? 1 : each.role === 'host' ? 2 : 3;
  return rank(a) - rank(b) || a.hand - b.hand || nameOf(a).localeCompare(nameOf(b));
}

type Act = (action: string, more?: object) => Promise<boolean>;

function Person({ room, who, act }: { room: string; who: Participant; act: Act | null }) {
  const one = { participant: who.id };
  return (
    <div class="person" role="listitem" data-id={who.id}>
      <Meter room={room} id={who.id} />
      <div class="who">
        <strong>{nameOf(who)}</strong>
        <small>
          {who.uri} · {time(who.joined)}
        </small>
      </div>
      <div class="chips">
        {who.state !== 'inside' && <Chip kind="warn">{t('Lobby')}</Chip>}
        {who.hand > 0 && (
          <Chip kind="hand">
            <Hand /> {who.hand}
          </Chip>
        )}
        {who.role !== 'speaker' && <Chip kind={who.role}>{t(who.role)}</Chip>}
        {!who.member && <Chip>{t('Guest')}</Chip>}
        {who.group && <Chip>{who.group}</Chip>}
        {who.muted && <Chip kind="muted">{t('Mute')}</Chip>}
        {who.quality?.codec && <Quality heard={who.quality} />}
      </div>
      {act && who.state !== 'inside' && (
        <div class="buttons">
          <button onClick={() => act('admit', one)}>{t('Admit')}</button>
          <button class="secondary" onClick={() => act('deny', one)}>
            {t('Deny')}
          </button>
        </div>
      )}
      {act && who.state === 'inside' && (
        <div class="buttons">
          {who.hand > 0 && (
            <button onClick={() => act('call-up', one)}>{t('Call up')}</button>
          )}
          <button
            class="secondary"
            onClick={() => act(who.muted ? 'unmute' : 'mute', one)}
            aria-label={`${who.muted ? t('Unmute') : t('Mute')}: ${nameOf(who)}`}
          >
            {who.muted ? t('Unmute') : t('Mute')}
          </button>
          <details class="dropdown">
            <summary aria-label={`${t('More')}: ${nameOf(who)}`}>⋯</summary>
            <ul dir="rtl">
              <Item onClick={() => act('voice-volume', { ...one, amount: 1 })}>{t('Louder')}</Item>
              <Item onClick={() => act('voice-volume', { ...one, amount: -1 })}>{t('Softer')}</Item>
              <Item
                onClick={() => {
                  const text = prompt(t('Move to group'), who.group);
                  if (text !== null) void act('move', { ...one, text });
                }}
              >
                {t('Move to group')}…
              </Item>
              <Item
                onClick={() => {
                  const text = prompt(t('Room'));
                  if (text) void act('to-room', { ...one, text });
                }}
              >
                → {t('Room')}…
              </Item>
              <Item
                onClick={() => {
                  const text = prompt(t('Sidebar'));
                  if (text) void act('sidebar', { ...one, text });
                }}
              >
                {t('Sidebar')}…
              </Item>
              {who.role !== 'host' && (
                <Item onClick={() => act('set-role', { ...one, text: 'host' })}>
                  {t('Make host')}
                </Item>
              )}
              <Item onClick={() => act('kick', one)}>{t('Throw out')}</Item>
            </ul>
          </details>
        </div>
      )}
    </div>
  );
}

/** One look says whether he is heard well, a second one why not. */
function Quality({ heard }: { heard: Heard }) {
  const facts = [
    `${heard.codec}, ${heard.encrypted ? t('encrypted') : t('in clear')}`,
    `${t('Lost packets (‰)')} ${heard.loss_permille}`,
    `${t('Jitter (ms)')} ${heard.jitter_ms}`,
    heard.source || heard.announced,
  ];
  const text = [...troublesOf(heard, false), ...facts].join('\n');
  return (
    <span title={text} aria-label={text} role="img" class={isBad(heard) ? 'bars bad' : 'bars'}>
      <i />
      <i />
      <i />
    </span>
  );
}

function Item(props: { onClick: () => void; children: ComponentChildren }) {
  return (
    <li dir="ltr">
      <button
        class="plain"
        onClick={(event) => {
          event.currentTarget.closest('details')?.removeAttribute('open');
          props.onClick();
        }}
      >
        {props.children}
      </button>
    </li>
  );
}

/** How the room is configured; each rule says where it comes from. */
function Configuration(props: { name: string; mayConfigure: boolean; mayRemove: boolean }) {
  const [room, setRoom] = useState<RoomSettings | null>(null);
  const [values, setValues] = useState<Record<string, string>>({});
  const [role, setRole] = useState('');
  const [numbers, setNumbers] = useState<string[]>([]);
  const path = at('rooms', props.name);
  const load = async () => {
    try {
      setRoom(await get<RoomSettings>(path));
      const page = await get<{ items: { name: string; values: string }[] }>('/settings');
      setValues(Object.fromEntries(page.items.map((each) => [each.name, each.values])));
      const wanted = `/aliases?target=${encodeURIComponent(props.name)}`;
      setNumbers((await get<{ items: { name: string }[] }>(wanted)).items.map((each) => each.name));
    } catch {
      setRoom(null); // A room that lasts as long as somebody is in it, or one that he may not see.
    }
  };
  useEffect(() => void load(), [props.name]);
  if (!room) return null;
  const write = async (changes: object) => {
    if (await attempt(() => patch(path, changes))) say(t('Done'));
    await load();
  };
  const port = live.counters.sip_port;
  const uri = `sip:${room.name}@${location.hostname}${port && port !== 5060 ? `:${port}` : ''}`;
  return (
    <section class="configuration">
      <h2>{t('Rules')}</h2>
      <div class="two">
        <div>
          <RoomForm room={room} disabled={!props.mayConfigure} onSave={write} />
          <figure class="code">
            <QrCode text={uri} />
            <figcaption>
              {uri}
              <span class="chips">
                {numbers.map((each) => (
                  <Chip key={each}>{each}</Chip>
                ))}
              </span>
            </figcaption>
          </figure>
          {props.mayRemove && (
            <button
              class="danger outline"
              onClick={async () => {
                if (!confirm(`${t('Remove')}: ${room.name}?`)) return;
                if (await attempt(() => remove(path))) location.hash = '#/rooms';
              }}
            >
              {t('Remove')}
            </button>
          )}
        </div>
        <table class="rules">
          <thead>
            <tr>
              <th scope="col" aria-label={t('Rules')} />
              <th scope="col">
                <select
                  aria-label={t('Role')}
                  value={role}
                  onChange={(event) => setRole(event.currentTarget.value)}
                >
                  <option value="">{t('Everybody')}</option>
                  {['host', 'speaker', 'listener'].map((each) => (
                    <option key={each} value={each}>
                      {t(each)}
                    </option>
                  ))}
                </select>
              </th>
              <th scope="col" aria-label={t('here')} />
            </tr>
          </thead>
          <tbody>
            {Object.entries(room.in_force).map(([name, { value, from }]) => (
              <tr key={name}>
                <th scope="row">{label(name)}</th>
                <td>
                  <Choice
                    label={label(name)}
                    value={role ? (room.policy[`${name} ${role}`] ?? '') : value}
                    values={(role ? '|' : '') + (values[name] ?? '')}
                    disabled={!props.mayConfigure}
                    onValue={(text) =>
                      write({ policy: { [role ? `${name} ${role}` : name]: text || null } })
                    }
                  />
                </td>
                <td>
                  {role ? (
                    <small>{room.policy[`${name} ${role}`] ? t('here') : t('as everybody')}</small>
                  ) : from === 'room' ? (
                    <button
                      class="plain"
                      disabled={!props.mayConfigure}
                      onClick={() => write({ policy: { [name]: null } })}
                    >
                      {t('here')} ↺
                    </button>
                  ) : (
                    <small>{from === 'default' ? t('default') : t('from organisation')}</small>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

/** One of "a|b|c", or what else may be written there. */
export function Choice(props: {
  label: string;
  value: string;
  values: string;
  disabled: boolean;
  onValue: (value: string) => void;
}) {
  const choices = props.values.split('|');
  if (choices.length > 1 && choices.includes(props.value))
    return (
      <select
        aria-label={props.label}
        value={props.value}
        disabled={props.disabled}
        onChange={(event) => props.onValue(event.currentTarget.value)}
      >
        {choices.map((each) => (
          <option key={each}>{each}</option>
        ))}
      </select>
    );
  return (
    <input
      aria-label={props.label}
      title={props.values}
      value={props.value}
      disabled={props.disabled}
      onChange={(event) => props.onValue(event.currentTarget.value)}
    />
  );
}

function RoomForm(props: {
  room: RoomSettings;
  disabled: boolean;
  onSave: (changes: object) => void;
}) {
  const { room } = props;
  return (
    <form
      onSubmit={(event) => {
        const sent = fieldsOf(event);
        props.onSave({ ...sent, speakers: Number(sent.speakers), history: Number(sent.history) });
      }}
    >
      <fieldset disabled={props.disabled} class="grid">
        <Select label="access" value={room.access} values="open|members|pin" />
        <Text label="pin" value={room.pin} />
        <Text label="host_pin" value={room.host_pin} />
      </fieldset>
      <fieldset disabled={props.disabled} class="grid">
        <Select label="encryption" value={room.encryption} values="off|preferred|required" />
        <Text label="speakers" value={String(room.speakers)} type="number" />
        <Text label="history" value={String(room.history)} type="number" />
      </fieldset>
      {!props.disabled && <button>{t('Save')}</button>}
    </form>
  );
}

export function Text(props: { label: string; value?: string; type?: string; required?: boolean }) {
  return (
    <label>
      {label(props.label)}
      <input
        name={props.label}
        type={props.type ?? 'text'}
        defaultValue={props.value}
        required={props.required}
        autocomplete="off"
      />
    </label>
  );
}

export function Select(props: { label: string; value?: string; values: string }) {
  return (
    <label>
      {label(props.label)}
      <select name={props.label}>
        {props.values.split('|').map((each) => (
          <option key={each} selected={each === props.value}>
            {each}
          </option>
        ))}
      </select>
    </label>
  );
}

export function QrCode({ text }: { text: string }) {
  const code = qrcode(0, 'M');
  code.addData(text);
  code.make();
  const cells = code.getModuleCount();
  let path = '';
  for (let y = 0; y < cells; ++y)
    for (let x = 0; x < cells; ++x) if (code.isDark(y, x)) path += `M${x} ${y}h1v1h-1z`;
  return (
    <svg class="qr" viewBox={`-2 -2 ${cells + 4} ${cells + 4}`} role="img" aria-label={text}>
      <rect x="-2" y="-2" width={cells + 4} height={cells + 4} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}
