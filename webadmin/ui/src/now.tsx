import { useEffect, useState } from 'preact/hooks';
import { people, t, time } from './i18n';
import { nameOf, type Room, useLive } from './live';
import { Chip, Empty, Figure, Hand, Meter } from './parts';
import { alerts, isBad, troublesOfTrunks } from './trouble';

/** The front page: the rooms in session, who speaks in them, and how much goes on. */
export function Now(props: { seesAll: boolean }) {
  const live = useLive();
  const rooms = [...live.rooms.values()].sort(
    (a, b) => b.participants.size - a.participants.size || a.conference.room.localeCompare(b.conference.room),
  );
  const figures: [string, string][] = [
    ['Conferences', 'conferences'],
    ['Participants', 'participants'],
    ['Calls', 'calls'],
    ['Registered', 'registered_users'],
    ['Load', 'machine_load_percent'],
  ];
  return (
    <>
      <div class="figures">
        {figures.map(([name, key]) => (
          <Figure
            key={key}
            name={t(name)}
            value={`${live.counters[key] ?? 0}${key.endsWith('percent') ? ' %' : ''}`}
            history={live.history.map((counters) => counters[key] ?? 0)}
          />
        ))}
      </div>
      {props.seesAll && <Alerts />}
      <h2>{t('In session')}</h2>
      {rooms.length === 0 && <Empty>{t('Nobody is in a room now.')}</Empty>}
      <div class="cards">
        {rooms.map((room) => (
          <RoomCard key={room.conference.room} room={room} />
        ))}
      </div>
    </>
  );
}

const trunksLookedAtEvery = 30_000;

/** What somebody should do something about, or that there is nothing. */
function Alerts() {
  const [trunks, setTrunks] = useState<string[]>([]);
  useEffect(() => {
    const look = () => void troublesOfTrunks().then(setTrunks, () => {});
    look();
    const timer = setInterval(look, trunksLookedAtEvery);
    return () => clearInterval(timer);
  }, []);
  const all = [...alerts(), ...trunks];
  return (
    <ul class="alerts" aria-live="polite">
      {all.map((each) => (
        <li key={each}>{each}</li>
      ))}
      {all.length === 0 && <li class="well">{t('Everything is well.')}</li>}
    </ul>
  );
}

const shownAtOnce = 8;

function RoomCard({ room }: { room: Room }) {
  const { conference } = room;
  const key = conference.room.toLowerCase();
  const roster = [...room.participants.values()];
  const inside = roster.filter((each) => each.state === 'inside');
  const waiting = roster.length - inside.length;
  const unheard = inside.filter((each) => each.quality?.codec && isBad(each.quality)).length;
  const hands = roster.filter((each) => each.hand > 0).length;
  const speaking = inside.filter((each) => !each.muted).slice(0, shownAtOnce);
  return (
    <a class="card" href={`#/rooms/${encodeURIComponent(conference.room)}`}>
      <article>
        <header>
          <strong>{conference.room}</strong>
          <span class="chips">
            {conference.locked && <Chip kind="warn">{t('Locked')}</Chip>}
            {conference.lecture && <Chip>{t('Lecture')}</Chip>}
            {unheard > 0 && (
              <Chip kind="warn">
                {t('Quality')} {unheard}
              </Chip>
            )}
            {hands > 0 && (
              <Chip kind="hand">
                <Hand /> {hands}
              </Chip>
            )}
            {waiting > 0 && (
              <Chip kind="warn">
                {t('Lobby')} {waiting}
              </Chip>
            )}
          </span>
        </header>
        <ul class="speakers">
          {speaking.map((each) => (
            <li key={each.id}>
              <Meter room={key} id={each.id} />
              <span>{nameOf(each)}</span>
            </li>
          ))}
        </ul>
        <footer>
          {people(inside.length)} · {time(conference.began)}
        </footer>
      </article>
    </a>
  );
}
