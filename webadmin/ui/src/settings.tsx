import { useEffect, useState } from 'preact/hooks';
import { at, call, patch, post, Problem, remove, type Session } from './api';
import { label, t } from './i18n';
import { attempt, Dialog, fieldsOf, say, useCollection } from './parts';
import { addPasskey, hasPasskeys, listPasskeys, type Passkey, removePasskey } from './passkey';
import { Choice, QrCode, Text } from './room';
import { Accounts } from './tables';

interface Setting {
  name: string;
  value: string;
  values: string;
  set: boolean;
}

export function Settings(props: { session: Session; onSession: (session: Session) => void }) {
  const isAdministrator = props.session.role === 'administrator';
  return (
    <>
      <Me session={props.session} onSession={props.onSession} />
      {props.session.role !== 'teacher' && <Rules mayConfigure={isAdministrator} />}
      {isAdministrator && <Accounts me={props.session.account} />}
    </>
  );
}

/** The rules of the organisation; the last change can be taken back. */
function Rules(props: { mayConfigure: boolean }) {
  const settings = useCollection<Setting>('/settings');
  const [before, setBefore] = useState<Setting | null>(null);
  const write = async (setting: Setting, value: string | null) => {
    const path = at('settings', setting.name);
    const done = await attempt(() => (value === null ? remove(path) : patch(path, { value })));
    if (done) {
      say(`${label(setting.name)}: ${setting.value} → ${value ?? t('default')}`);
      setBefore(setting);
    }
    await settings.reload();
  };
  return (
    <section>
      <div class="bar">
        <h2>
          {t('Rules')} · {t('Organisation')}
        </h2>
        {before && (
          <button
            class="outline"
            onClick={async () => {
              await write(before, before.set ? before.value : null);
              setBefore(null);
            }}
          >
            {t('Undo')}: {label(before.name)}
          </button>
        )}
      </div>
      <table class="rules">
        <tbody>
          {settings.rows?.map((each) => (
            <tr key={each.name}>
              <th scope="row">{label(each.name)}</th>
              <td>
                <Choice
                  label={label(each.name)}
                  value={each.value}
                  values={each.values}
                  disabled={!props.mayConfigure}
                  onValue={(value) => void write(each, value)}
                />
              </td>
              <td>
                {each.set ? (
                  <button
                    class="plain"
                    disabled={!props.mayConfigure}
                    onClick={() => void write(each, null)}
                  >
                    {t('Reset')} ↺
                  </button>
                ) : (
                  <small>{t('default')}</small>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Me(props: { session: Session; onSession: (session: Session) => void }) {
  const [offer, setOffer] = useState<{ secret: string; uri: string } | null>(null);
  const { session } = props;
  return (
    <section>
      <h2>
        {session.account} · {session.role}
      </h2>
      <div class="two">
        <form
          onSubmit={async (event) => {
            const form = event.currentTarget;
            const sent = fieldsOf(event);
            if (!(await attempt(() => post('/session/password', sent)))) return;
            form.reset();
            say(t('Done'));
          }}
        >
          <div class="grid">
            <Text label="old_password" type="password" required />
            <Text label="password" type="password" required />
          </div>
          <button>{t('Save')}</button>
        </form>
        <div>
          <p>{t('Two-step log-in')}</p>
          {session.totp ? (
            <button
              class="outline"
              onClick={async () => {
                if (await attempt(() => remove('/session/totp')))
                  props.onSession({ ...session, totp: false });
              }}
            >
              {t('Turn off')}
            </button>
          ) : (
            <button
              onClick={() => void attempt(async () => setOffer(await post('/session/totp')))}
            >
              {t('Turn on')}
            </button>
          )}
        </div>
      </div>
      <Passkeys account={session.account} />
      {offer && (
        <Dialog title={t('Two-step log-in')} onClose={() => setOffer(null)}>
          <figure class="code">
            <QrCode text={offer.uri} />
            <figcaption>{offer.secret}</figcaption>
          </figure>
          <form
            onSubmit={async (event) => {
              const sent = fieldsOf(event);
              await attempt(async () => {
                props.onSession(await call<Session>('PATCH', '/session/totp', sent));
                setOffer(null);
              });
            }}
          >
            <Text label="code" required />
            <button>{t('Turn on')}</button>
          </form>
        </Dialog>
      )}
    </section>
  );
}

/** Devices that let somebody in without a password. */
function Passkeys({ account }: { account: string }) {
  const [keys, setKeys] = useState<Passkey[]>([]);
  useEffect(() => void attempt(async () => setKeys(await listPasskeys())), []);
  if (!hasPasskeys()) return null;
  const add = async () => {
    const name = prompt(t('Name'));
    if (!name) return;
    try {
      setKeys(await addPasskey(account, name));
      say(t('Done'));
    } catch (error) {
      await attempt(async () => {
        throw error instanceof Problem ? error : new Problem(0, (error as Error).message);
      });
    }
  };
  return (
    <div class="passkeys">
      <div class="bar">
        <p>{t('Passkeys')}</p>
        <button class="outline" onClick={() => void add()}>
          {t('Add a passkey')}
        </button>
      </div>
      <ul class="list">
        {keys.map((each) => (
          <li key={each.id}>
            <span>
              {each.name}
              <button
                class="plain"
                onClick={() =>
                  void attempt(async () => {
                    await removePasskey(each.id);
                    setKeys(await listPasskeys());
                  })
                }
              >
                {t('Remove')}
              </button>
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}
