import '@picocss/pico/css/pico.min.css';
import './style.css';
import { render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { call, get, type Session, useSession } from './api';
import { Calls } from './calls';
import { t } from './i18n';
import { live, useLive } from './live';
import { Languages, LogIn } from './login';
import { Now } from './now';
import { Toasts } from './parts';
import { People } from './people';
import { RoomPage } from './room';
import { Rooms } from './rooms';
import { Settings } from './settings';
import { Audit, Health, Numbers } from './tables';

const pages = ['now', 'rooms', 'people', 'numbers', 'calls', 'health', 'audit', 'settings'] as const;
const titles: Record<(typeof pages)[number], string> = {
  now: 'Now',
  rooms: 'Rooms',
  people: 'People',
  numbers: 'Numbers',
  calls: 'Calls',
  health: 'Health',
  audit: 'Audit',
  settings: 'Settings',
};
/** A teacher has his rooms, and his own log-in. */
const pagesOfTeacher: readonly string[] = ['now', 'rooms', 'settings'];

function useHash() {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const look = () => setHash(location.hash);
    addEventListener('hashchange', look);
    return () => removeEventListener('hashchange', look);
  }, []);
  return hash;
}

function App() {
  const hash = useHash();
  const [session, setSession] = useState<Session | null | undefined>(undefined);
  useSession(session ?? null, () => setSession(null));
  useEffect(() => {
    get<Session>('/session')
      .then(setSession)
      .catch(() => setSession(null));
  }, []);
  useEffect(() => {
    if (!session) return;
    live.open();
    return () => live.close();
  }, [session?.account]);
  if (session === undefined) return null;
  const link = hash.startsWith('#link=') ? hash.slice(6) : '';
  if (!session || link) return <LogIn link={link} onSession={setSession} />;
  return <Dashboard hash={hash} session={session} onSession={setSession} />;
}

function Dashboard(props: {
  hash: string;
  session: Session;
  onSession: (session: Session | null) => void;
}) {
  const { session } = props;
  const [page = 'now', name] = props.hash.replace(/^#\/?/, '').split('/').map(decodeURIComponent);
  const current = page || 'now';
  const mayConfigure = session.role === 'administrator';
  const mayAct = session.role !== 'reader';
  const shown = pages.filter((each) => session.role !== 'teacher' || pagesOfTeacher.includes(each));
  useEffect(() => scrollTo(0, 0), [props.hash]);
  return (
    <div class="frame">
      <nav aria-label="Lyceum">
        <a class="brand" href="#/now">
          <img src="/icon.svg" alt="" width="28" height="28" /> <span>Lyceum</span>
        </a>
        <ul>
          {shown.map((each) => (
            <li key={each}>
              <a href={`#/${each}`} aria-current={each === current ? 'page' : undefined}>
                {t(titles[each])}
              </a>
            </li>
          ))}
        </ul>
        <div class="foot">
          <Languages />
          <button
            class="plain"
            onClick={() => void call('DELETE', '/session').finally(() => props.onSession(null))}
          >
            {t('Log out')}
          </button>
        </div>
      </nav>
      <main>
        <Lost />
        {current === 'rooms' && name ? (
          <RoomPage
            key={name}
            name={name}
            mayAct={mayAct}
            mayConfigure={mayConfigure || session.role === 'teacher'}
            mayRemove={mayConfigure}
          />
        ) : (
          <>
            <h1>{t(titles[current as 'now'] ?? 'Now')}</h1>
            {current === 'now' && <Now seesAll={session.role !== 'teacher'} />}
            {current === 'rooms' && (
              <Rooms mayConfigure={mayConfigure} seesAll={session.role !== 'teacher'} />
            )}
            {current === 'people' && <People mayConfigure={mayConfigure} />}
            {current === 'numbers' && <Numbers mayConfigure={mayConfigure} />}
            {current === 'calls' && <Calls mayTrace={session.role !== 'reader'} />}
            {current === 'health' && <Health mayAct={mayAct} />}
            {current === 'audit' && <Audit />}
            {current === 'settings' && (
              <Settings session={session} onSession={props.onSession} />
            )}
          </>
        )}
      </main>
      <Toasts />
    </div>
  );
}

/** Said when nothing has come for a while because the stream of events is broken. */
function Lost() {
  const { connected } = useLive();
  const [late, setLate] = useState(false);
  useEffect(() => {
    if (connected) return setLate(false);
    const timer = setTimeout(() => setLate(true), 1500);
    return () => clearTimeout(timer);
  }, [connected]);
  if (connected || !late) return null;
  return (
    <p class="lost" role="alert">
      {t('Connection lost, trying again…')}
    </p>
  );
}

render(<App />, document.getElementById('app')!);
