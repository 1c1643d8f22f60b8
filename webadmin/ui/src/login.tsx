import { useState } from 'preact/hooks';
import { call, Problem, type Session } from './api';
import { language, setLanguage, t } from './i18n';
import { fieldsOf } from './parts';
import { hasPasskeys, logInByPasskey } from './passkey';
import { refusal } from './refusals';

/** Log-in by password, and by the one-time link that chooses one: /#link=… */
export function LogIn(props: { link: string; onSession: (session: Session) => void }) {
  const [problem, setProblem] = useState('');
  const [wantsCode, setWantsCode] = useState(false);
  const [busy, setBusy] = useState(false);
  const submit = async (event: Event) => {
    const sent = fieldsOf(event);
    setBusy(true);
    try {
      const session = props.link
        ? await call<Session>('POST', '/session/link', { ...sent, link: props.link })
        : await call<Session>('POST', '/session', sent);
      location.replace('#/now'); // And no link in the history.
      props.onSession(session);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (error.field === 'code') setWantsCode(true);
      setProblem(refusal(error.message));
    } finally {
      setBusy(false);
    }
  };
  const usePasskey = async () => {
    try {
      props.onSession(await logInByPasskey());
    } catch (error) {
      setProblem(refusal((error as Error).message));
    }
  };
  return (
    <main class="login">
      <form onSubmit={submit}>
        <h1>
          <img src="/icon.svg" alt="" width="40" height="40" /> Lyceum
        </h1>
        {props.link ? (
          <p>{t('Choose a password')}</p>
        ) : (
          <label>
            {t('Account')}
            <input name="account" autocomplete="username" required autofocus />
          </label>
        )}
        <label>
          {props.link ? t('New password') : t('Password')}
          <input
            name="password"
            type="password"
            required
            minLength={props.link ? 8 : undefined}
            autocomplete={props.link ? 'new-password' : 'current-password'}
            autofocus={!!props.link}
          />
        </label>
        {wantsCode && (
          <label>
            {t('Code')}
            <input name="code" inputMode="numeric" autocomplete="one-time-code" autofocus />
          </label>
        )}
        {problem && (
          <p class="problem" role="alert">
            {problem}
          </p>
        )}
        <button aria-busy={busy} disabled={busy}>
          {t('Log in')}
        </button>
        {!props.link && hasPasskeys() && (
          <button type="button" class="outline" onClick={() => void usePasskey()}>
            {t('Log in with a passkey')}
          </button>
        )}
        <Languages />
      </form>
    </main>
  );
}

export function Languages() {
  return (
    <select
      class="languages"
      aria-label={t('Language')}
      value={language}
      onChange={(event) => setLanguage(event.currentTarget.value as 'en')}
    >
      <option value="en">English</option>
      <option value="de">Deutsch</option>
      <option value="es">Español</option>
    </select>
  );
}
