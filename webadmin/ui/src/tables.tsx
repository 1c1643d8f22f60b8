/** Pages that are tables: numbers, the audit log, and who may use this page. */
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { at, get, patch, post, remove } from './api';
import { dateTime, label, t } from './i18n';
import { useLive } from './live';
import {
  attempt,
  Chip,
  Dialog,
  Empty,
  fieldsOf,
  Figure,
  More,
  Search,
  useCollection,
} from './parts';
import { Select, Text } from './room';

type Row = Record<string, unknown> & { id?: number | string };

interface Column {
  title: string;
  show: (row: Row) => ComponentChildren;
}

export const column = (field: string): Column => ({
  title: label(field),
  show: (row) => String(row[field] ?? ''),
});

/** One collection: search, rows, and where it can be done, adding and removing. */
export function Table(props: {
  title?: string;
  path: string;
  columns: Column[];
  keyed?: string; // The field that removes a row; without it, none can be.
  removes?: string;
  form?: false | ((row: Row | null) => ComponentChildren); // Of a new one, or to change one.
  changes?: boolean; // What is there may be changed by the same form.
  onAdded?: (row: Row) => void;
  shape?: (sent: Record<string, string>) => unknown;
}) {
  const table = useCollection<Row>(props.path);
  const [adds, setAdds] = useState(false);
  const [changed, setChanged] = useState<Row | null>(null);
  const { keyed } = props;
  const close = () => {
    setAdds(false);
    setChanged(null);
  };
  const send = async (event: Event) => {
    const sent = fieldsOf(event);
    const shaped = (props.shape ? props.shape(sent) : sent) as Row;
    const done = await attempt(async () => {
      if (!changed) return props.onAdded?.(await post<Row>(props.path, shaped));
      const { [keyed ?? 'id']: key, ...rest } = shaped;
      await patch(at(props.path.slice(1), String(changed[keyed ?? 'id'] ?? key)), rest);
    });
    if (!done) return;
    close();
    void table.reload();
  };
  return (
    <section>
      <div class="bar">
        {props.title && <h2>{t(props.title)}</h2>}
        <Search text={table.text} onText={table.search} />
        {props.form && <button onClick={() => setAdds(true)}>{t('Add')}</button>}
      </div>
      {table.rows?.length === 0 ? (
        <Empty />
      ) : (
        <div class="overflow-auto">
          <table class="striped">
            <thead>
              <tr>
                {props.columns.map((each) => (
                  <th key={each.title} scope="col">
                    {each.title}
                  </th>
                ))}
                {keyed && <th scope="col" aria-label={t('Actions')} />}
              </tr>
            </thead>
            <tbody>
              {table.rows?.map((row) => (
                <tr key={String(row[keyed ?? 'id'])}>
                  {props.columns.map((each) => (
                    <td key={each.title}>{each.show(row)}</td>
                  ))}
                  {keyed && (
                    <td class="end">
                      {props.changes && (
                        <button class="plain" onClick={() => setChanged(row)}>
                          {t('Change')}
                        </button>
                      )}
                      <button
                        class="plain"
                        onClick={async () => {
                          const key = String(row[keyed]);
                          const word = t(props.removes ?? 'Remove');
                          if (!confirm(`${word}: ${key}?`)) return;
                          await attempt(() => remove(at(props.path.slice(1), key)));
                          void table.reload();
                        }}
                      >
                        {t(props.removes ?? 'Remove')}
                      </button>
                    </td>
                  )}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <More more={table.more} />
      {(adds || changed) && props.form && (
        <Dialog title={t(props.title ?? 'Add')} onClose={close}>
          <form onSubmit={send}>
            {props.form(changed)}
            <button>{changed ? t('Save') : t('Add')}</button>
          </form>
        </Dialog>
      )}
    </section>
  );
}

interface Gateway {
  uri: string;
  priority: number;
  weight: number;
  state: string;
}

/** "sip:a.example 1 5, sip:b.example": address, priority, weight. */
function gatewaysIn(text: string) {
  return text
    .split(',')
    .map((each) => each.trim().split(/\s+/))
    .filter(([uri]) => uri)
    .map(([uri, priority = '1', weight = '1']) => ({
      uri,
      priority: Number(priority),
      weight: Number(weight),
    }));
}

const gatewaysText = (gateways: Gateway[] = []) =>
  gateways.map((each) => `${each.uri} ${each.priority} ${each.weight}`).join(', ');

/** A field of a form, with what is there; its key cannot be changed. */
export const field = (row: Row | null, name: string, more: object = {}) => (
  <Text key={name} label={name} value={row ? String(row[name] ?? '') : undefined} {...more} />
);

export function Numbers(props: { mayConfigure: boolean }) {
  const [steps, setSteps] = useState<string[] | null>(null);
  const may = props.mayConfigure;
  return (
    <>
      <form
        class="tester"
        onSubmit={async (event) => {
          const { to } = fieldsOf(event);
          await attempt(async () =>
            setSteps((await get<{ steps: string[] }>(`/plan?to=${encodeURIComponent(to)}`)).steps),
          );
        }}
      >
        <label>
          {t('What happens when this is dialled?')}
          <fieldset role="group">
            <input name="to" required placeholder="0703…" />
            <button>→</button>
          </fieldset>
        </label>
        {steps && <pre class="log">{steps.join('\n')}</pre>}
      </form>
      <Table
        title="Names and numbers"
        path="/aliases"
        keyed={may ? 'name' : undefined}
        columns={[column('name'), column('target')]}
        changes={may}
        form={
          may &&
          ((row) => [
            !row && field(row, 'name', { required: true }),
            field(row, 'target', { required: true }),
          ])
        }
      />
      <Table
        title="Routes"
        path="/routes"
        keyed={may ? 'pattern' : undefined}
        columns={[
          column('pattern'),
          column('target'),
          column('strip'),
          column('add'),
          column('members_only'),
        ]}
        shape={(sent) => ({ ...sent, strip: Number(sent.strip || 0) })}
        changes={may}
        form={
          may &&
          ((row) => [
            !row && field(row, 'pattern', { required: true }),
            field(row, 'target', { required: true }),
            field(row, 'strip', { type: 'number' }),
            field(row, 'add'),
          ])
        }
      />
      <Table
        title="Trunks"
        path="/trunks"
        keyed={may ? 'name' : undefined}
        columns={[
          column('name'),
          {
            title: t('Health'),
            show: (row) =>
              (row.gateways as Gateway[]).map(({ uri, priority, state }) => (
                <div key={uri}>
                  {priority}. {uri}{' '}
                  <Chip kind={state.startsWith('up') ? 'live' : 'warn'}>{state || '?'}</Chip>
                </div>
              )),
          },
          column('registration'),
          column('calls'),
        ]}
        changes={may}
        shape={({ gateways, password, registers, ...sent }) => ({
          ...sent,
          registers: registers === 'yes',
          gateways: gatewaysIn(gateways),
          ...(password ? { password } : {}),
        })}
        form={
          may &&
          ((row) => [
            !row && field(row, 'name', { required: true }),
            <Text
              key="g"
              label="gateways"
              value={row ? gatewaysText(row.gateways as Gateway[]) : undefined}
              required
            />,
            field(row, 'user'),
            <Text key="w" label="password" type="password" />,
            <Select
              key="r"
              label="registers"
              value={row?.registers ? 'yes' : 'no'}
              values="no|yes"
            />,
            field(row, 'caller'),
            field(row, 'inbound'),
          ])
        }
      />
    </>
  );
}

export function Audit() {
  return (
    <Table
      path="/audit"
      columns={[
        { title: label('at'), show: (row) => dateTime(String(row.at)) },
        column('room'),
        column('who'),
        column('way'),
        column('action'),
        column('whom'),
        column('detail'),
        {
          title: '',
          show: (row) => (row.refused ? <Chip kind="warn">{String(row.refused)}</Chip> : '✓'),
        },
      ]}
    />
  );
}

const mebibyte = 2 ** 20;
const health: [string, string, (value: number) => string][] = [
  ['Load', 'machine_load_percent', (value) => `${value} %`],
  ['Memory', 'process_resident_bytes', (value) => `${Math.round(value / mebibyte)} MiB`],
  ['Free disk', 'disk_free_bytes', (value) => `${(value / mebibyte / 1024).toFixed(1)} GiB`],
  ['Late sound', 'media_late_ticks_total', String],
  ['Lost packets', 'media_packets_lost_total', String],
  ['Subscriptions', 'subscriptions', String],
  ['Messages waiting', 'messages_waiting', String],
  ['Waiting for the disk', 'database_queue', String],
];

export function Health(props: { mayAct: boolean }) {
  const { counters, history } = useLive();
  return (
    <>
      <div class="figures">
        {health.map(([name, key, show]) => (
          <Figure
            key={key}
            name={t(name)}
            value={show(counters[key] ?? 0)}
            history={history.map((each) => each[key] ?? 0)}
          />
        ))}
      </div>
      <Table
        title="Bans"
        path="/bans"
        keyed={props.mayAct ? 'address' : undefined}
        removes="Release"
        columns={[
          column('address'),
          { title: label('until'), show: (row) => dateTime(String(row.until)) },
          column('why'),
        ]}
      />
      <Table
        title="Devices"
        path="/registrations"
        columns={[
          column('user'),
          column('device'),
          column('from'),
          { title: label('until'), show: (row) => dateTime(String(row.expires)) },
        ]}
      />
      <Table
        title="Subscriptions"
        path="/subscriptions"
        columns={[
          column('package'),
          column('resource'),
          column('watcher'),
          { title: label('until'), show: (row) => dateTime(String(row.expires)) },
        ]}
      />
    </>
  );
}

const roleValues = 'teacher|reader|operator|administrator';

export function Accounts(props: { me: string }) {
  const [secret, setSecret] = useState('');
  return (
    <>
      <Table
        title="Who can use this page"
        path="/accounts"
        keyed="name"
        columns={[
          column('name'),
          column('role'),
          { title: t('Password'), show: (row) => (row.password ? '✓' : '—') },
          { title: t('Two-step log-in'), show: (row) => (row.totp ? '✓' : '—') },
        ]}
        onAdded={(row) => setSecret(location.origin + String(row.link))}
        form={() => [
          <Text key="n" label="name" required />,
          <Select key="r" label="role" values={roleValues} />,
        ]}
      />
      <Table
        title="Tokens"
        path="/tokens"
        keyed="id"
        columns={[
          column('name'),
          column('role'),
          column('account'),
          column('scopes'),
          { title: label('until'), show: (row) => dateTime(String(row.until)) },
        ]}
        onAdded={(row) => setSecret(String(row.token))}
        shape={({ scopes, ...sent }) => ({
          ...sent,
          account: props.me,
          scopes: scopes.split(/[\s,]+/).filter(Boolean),
        })}
        form={() => [
          <Text key="n" label="name" required />,
          <Select key="r" label="role" values={roleValues} />,
          <Text key="s" label="scopes" />,
        ]}
      />
      {secret && (
        <Dialog title={t('Done')} onClose={() => setSecret('')}>
          <p>
            <code class="secret">{secret}</code>
          </p>
          <button onClick={() => void navigator.clipboard?.writeText(secret)}>
            {t('Copy')}
          </button>
        </Dialog>
      )}
    </>
  );
}
