import { useEffect, useState } from 'preact/hooks';
import { at, get, type Page, patch, post, Problem, remove } from './api';
import { dateTime, t } from './i18n';
import {
  attempt,
  Chip,
  Dialog,
  Empty,
  fieldsOf,
  Rows,
  say,
  Search,
  useCollection,
} from './parts';
import { refusal } from './refusals';
import { QrCode, Select, Text } from './room';

interface User {
  name: string;
  language: string;
  administrator: boolean;
  do_not_disturb: boolean;
  groups: string[];
  numbers: string[];
  forward: Record<string, string>;
  ring_seconds: number;
  find_me: { target: string; seconds: number }[];
  devices: number;
}

interface Device {
  id: string;
  contact: string;
  device: string;
  from: string;
  expires: string;
}

interface Glance {
  name: string;
  available: boolean;
  activities: string[];
  notes: string[];
}

const rowHeight = 46;
const glancesEvery = 5000;

/** Whether somebody is there: of those who can be seen, asked for together and again and again. */
const glances = new Map<string, Glance>();
const looked = new Map<string, () => void>();
let asking = 0;

function ask() {
  asking = 0;
  const names = [...looked.keys()].slice(0, 100);
  if (names.length === 0) return;
  get<Page<Glance>>(`/presence?of=${encodeURIComponent(names.join(','))}`).then(
    (page) => {
      for (const each of page.items) {
        glances.set(each.name, each);
        looked.get(each.name)?.();
      }
    },
    () => {},
  );
  asking = window.setTimeout(ask, glancesEvery);
}

function Presence({ name }: { name: string }) {
  const [, again] = useState(0);
  useEffect(() => {
    looked.set(name, () => again((count) => count + 1));
    clearTimeout(asking);
    asking = window.setTimeout(ask, 100);
    return () => void looked.delete(name);
  }, [name]);
  const glance = glances.get(name);
  if (!glance) return null;
  const word = glance.activities[0] ?? (glance.available ? 'available' : 'offline');
  const kind = glance.activities.length ? 'warn' : glance.available ? 'live' : '';
  return (
    <span title={glance.notes.join('\n')}>
      <Chip kind={kind}>{t(word)}</Chip>
    </span>
  );
}

/** Users: added one by one or from a file, changed, removed. */
export function People(props: { mayConfigure: boolean }) {
  const [group, setGroup] = useState('');
  const users = useCollection<User>('/users', group && `groups=${encodeURIComponent(group)}`);
  const groups = useCollection<{ name: string }>('/groups');
  const [adds, setAdds] = useState(false);
  const [shown, setShown] = useState<User | null>(null);
  return (
    <>
      <div class="bar">
        <Search text={users.text} onText={users.search} />
        <select
          aria-label={t('Groups')}
          value={group}
          onChange={(event) => setGroup(event.currentTarget.value)}
        >
          <option value="">{t('Everybody')}</option>
          {groups.rows?.map((each) => (
            <option key={each.name}>{each.name}</option>
          ))}
        </select>
        {props.mayConfigure && (
          <>
            <button
              class="outline"
              onClick={() => {
                const name = prompt(t('Group'));
                if (name) void attempt(() => post('/groups', { name })).then(groups.reload);
              }}
            >
              {t('Add a group')}
            </button>
            <button onClick={() => setAdds(true)}>{t('Add a person')}</button>
            <Import onDone={users.reload} />
          </>
        )}
      </div>
      {users.rows?.length === 0 && <Empty />}
      <Rows
        rows={users.rows ?? []}
        height={rowHeight}
        onEnd={users.more}
        render={(user) => (
          <button key={user.name} role="listitem" class="plain row" onClick={() => setShown(user)}>
            <strong>{user.name}</strong>
            <span class="chips">
              {user.numbers.map((each) => (
                <Chip key={each}>{each}</Chip>
              ))}
              {user.groups.map((each) => (
                <Chip key={each} kind="group">
                  {each}
                </Chip>
              ))}
              <Presence name={user.name} />
              <Chip>
                {user.devices} {t('Devices')}
              </Chip>
            </span>
          </button>
        )}
      />
      {adds && (
        <Dialog title={t('Add a person')} onClose={() => setAdds(false)}>
          <form
            onSubmit={async (event) => {
              const { groups, number, ...sent } = fieldsOf(event);
              const names = groups.split(/[\s,]+/).filter(Boolean);
              const done = await attempt(async () => {
                await post('/users', { ...sent, groups: names });
                if (number) await post('/aliases', { name: number, target: sent.name });
              });
              if (!done) return;
              setAdds(false);
              void users.reload();
            }}
          >
            <Text label="name" required />
            <Text label="password" type="password" required />
            <Text label="number" />
            <Text label="groups" />
            <button>{t('Add')}</button>
          </form>
        </Dialog>
      )}
      {shown && (
        <Person
          user={shown}
          mayConfigure={props.mayConfigure}
          onClose={() => {
            setShown(null);
            void users.reload();
          }}
        />
      )}
    </>
  );
}

function Person(props: { user: User; mayConfigure: boolean; onClose: () => void }) {
  const { user } = props;
  const [devices, setDevices] = useState<Device[]>([]);
  const [setup, setSetup] = useState('');
  useEffect(() => {
    void attempt(async () =>
      setDevices((await get<Page<Device>>(`/registrations?user=${encodeURIComponent(user.name)}`)).items),
    );
  }, [user.name]);
  return (
    <Dialog title={user.name} onClose={props.onClose}>
      {devices.length > 0 && (
        <table>
          <tbody>
            {devices.map((each) => (
              <tr key={each.id}>
                <td>{each.device || each.contact}</td>
                <td>{each.from}</td>
                <td>{dateTime(each.expires)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <form
        onSubmit={async (event) => {
          const { password, groups, language, find_me, ring_seconds, administrator, ...forward } =
            fieldsOf(event);
          const changes = {
            language,
            administrator: administrator === 'yes',
            groups: groups.split(/[\s,]+/).filter(Boolean),
            find_me: placesIn(find_me),
            ring_seconds: Number(ring_seconds),
            forward,
            ...(password ? { password } : {}),
          };
          if (!(await attempt(() => patch(at('users', user.name), changes)))) return;
          say(t('Done'));
          props.onClose();
        }}
      >
        <fieldset disabled={!props.mayConfigure}>
          <div class="grid">
            <Text label="groups" value={user.groups.join(' ')} />
            <Select label="language" value={user.language} values="|en|de|es" />
          </div>
          <div class="grid">
            {['always', 'busy'].map((each) => (
              <Text key={each} label={each} value={user.forward[each]} />
            ))}
          </div>
          <div class="grid">
            {['no_answer', 'unreachable'].map((each) => (
              <Text key={each} label={each} value={user.forward[each]} />
            ))}
          </div>
          <div class="grid">
            <Text
              label="find_me"
              value={user.find_me.map((each) => `${each.target} ${each.seconds}`).join(', ')}
            />
            <Text label="ring_seconds" type="number" value={String(user.ring_seconds)} />
          </div>
          <div class="grid">
            <Select
              label="administrator"
              value={user.administrator ? 'yes' : 'no'}
              values="no|yes"
            />
            <Text label="password" type="password" />
          </div>
        </fieldset>
        {props.mayConfigure && (
          <div class="bar">
            <button>{t('Save')}</button>
            <button
              type="button"
              class="outline"
              onClick={() =>
                void attempt(async () => {
                  const { path } = await post<{ path: string }>(`${at('users', user.name)}/setup`);
                  setSetup(location.origin + path);
                })
              }
            >
              {t('Set up a telephone')}
            </button>
            <button
              type="button"
              class="danger outline"
              onClick={async () => {
                if (!confirm(`${t('Remove')}: ${user.name}?`)) return;
                if (await attempt(() => remove(at('users', user.name)))) props.onClose();
              }}
            >
              {t('Remove')}
            </button>
          </div>
        )}
      </form>
      {setup && (
        <figure class="code">
          <QrCode text={setup} />
          <figcaption>
            {t('Scan this with Linphone; it works once, within a day.')} <small>{setup}</small>
          </figcaption>
        </figure>
      )}
    </Dialog>
  );
}

/** "ann 20, +49…": where somebody is looked for, and how long it rings there. */
function placesIn(text: string): { target: string; seconds?: number }[] {
  return text
    .split(',')
    .map((each) => each.trim().split(/\s+/))
    .filter(([target]) => target)
    .map(([target, seconds]) => (seconds ? { target, seconds: Number(seconds) } : { target }));
}

/** A file of lines "name,password,number,group group": what is there already stays as it is. */
function Import(props: { onDone: () => void }) {
  const [lines, setLines] = useState<string[]>([]);
  const take = async (file: File) => {
    const said: string[] = [];
    for (const line of (await file.text()).split(/\r?\n/)) {
      const [name, password, number, groups] = line.split(/[,;\t]/).map((each) => each.trim());
      if (!name || name.toLowerCase() === 'name') continue;
      try {
        await post('/users', {
          name,
          password: password ?? '',
          groups: (groups ?? '').split(/\s+/).filter(Boolean),
        });
        if (number) await post('/aliases', { name: number, target: name });
        said.push(`✓ ${name}`);
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        said.push(`✗ ${name}: ${refusal(error.message)}`);
      }
      setLines([...said]);
    }
    props.onDone();
  };
  return (
    <>
      <label class="file" role="button">
        {t('Import')} CSV
        <input
          type="file"
          accept=".csv,text/csv"
          onChange={(event) => {
            const file = event.currentTarget.files?.[0];
            if (file) void take(file);
          }}
        />
      </label>
      {lines.length > 0 && (
        <Dialog title={t('Import')} onClose={() => setLines([])}>
          <pre class="log">{lines.join('\n')}</pre>
        </Dialog>
      )}
    </>
  );
}
