import { useState } from 'preact/hooks';
import { post } from './api';
import { t } from './i18n';
import { useLive } from './live';
import { attempt, Chip, Dialog, Empty, fieldsOf, More, Search, useCollection } from './parts';
import { type RoomSettings, Select, Text } from './room';
import { column, field, Table } from './tables';

/** All rooms, with those in session marked. */
export function Rooms(props: { mayConfigure: boolean; seesAll: boolean }) {
  const live = useLive();
  const rooms = useCollection<RoomSettings>('/rooms');
  const [adds, setAdds] = useState(false);
  return (
    <>
      <div class="bar">
        <Search text={rooms.text} onText={rooms.search} />
        {props.mayConfigure && <button onClick={() => setAdds(true)}>{t('Add a room')}</button>}
      </div>
      {rooms.rows?.length === 0 && <Empty />}
      <ul class="list">
        {rooms.rows?.map((room) => {
          const session = live.rooms.get(room.name.toLowerCase());
          return (
            <li key={room.name}>
              <a href={`#/rooms/${encodeURIComponent(room.name)}`}>
                <strong>{room.name}</strong>
                <span class="chips">
                  {session && <Chip kind="live">{session.participants.size}</Chip>}
                  <Chip>{room.access}</Chip>
                </span>
              </a>
            </li>
          );
        })}
      </ul>
      <More more={rooms.more} />
      {props.seesAll && <Timetable mayConfigure={props.mayConfigure} />}
      {adds && (
        <Dialog title={t('Add a room')} onClose={() => setAdds(false)}>
          <form
            onSubmit={async (event) => {
              const sent = fieldsOf(event);
              if (!(await attempt(() => post('/rooms', sent)))) return;
              setAdds(false);
              location.hash = `#/rooms/${encodeURIComponent(sent.name)}`;
            }}
          >
            <Text label="name" required />
            <Select label="access" values="open|members|pin" />
            <Text label="pin" />
            <Text label="host_pin" />
            <button>{t('Add')}</button>
          </form>
        </Dialog>
      )}
    </>
  );
}

/** Who is in class when: what presence says of them then. */
function Timetable(props: { mayConfigure: boolean }) {
  const fields = ['title', 'days', 'from', 'until', 'group', 'teacher', 'room'];
  return (
    <Table
      title="Timetable"
      path="/lessons"
      keyed={props.mayConfigure ? 'id' : undefined}
      changes={props.mayConfigure}
      columns={fields.map(column)}
      form={
        props.mayConfigure &&
        ((row) => fields.map((each, i) => field(row, each, { required: i < 4 })))
      }
    />
  );
}
