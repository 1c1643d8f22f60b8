/** What is wrong, in plain words: of one who is heard or not, and of the machine. */
import { get, type Page } from './api';
import { t } from './i18n';
import { type Counters, live, nameOf } from './live';

/** How somebody is heard: now, or in a call that is over. */
export interface Heard {
  packets: number;
  loss_permille: number;
  jitter_ms: number;
  level_db: number;
  codec: string;
  encrypted: boolean;
  announced: string;
  source: string;
}

const lossBad = 30; // Permille.
const jitterBad = 50; // Milliseconds.
const silent = -70; // dBov.

const hostOf = (address: string) => address.replace(/:\d+$/, '');

/** `whole`: all of a call, so that somebody who never said anything has a microphone that is off. */
export function troublesOf(heard: Heard, whole: boolean): string[] {
  if (heard.packets === 0)
    return [t('No packet ever arrived from there: a firewall, or a wrong address?')];
  const out: string[] = [];
  if (heard.loss_permille >= lossBad)
    out.push(t('Packets were lost on the way to us: a full or bad network there.'));
  if (heard.jitter_ms >= jitterBad)
    out.push(t('Packets came very unevenly: a wireless network, perhaps.'));
  if (whole && heard.level_db <= silent) out.push(t('The microphone was silent.'));
  const [announced, source] = [hostOf(heard.announced), hostOf(heard.source)];
  if (announced && source && announced !== source)
    out.push(t('It sends from {0} but announced {1}; we follow it.', source, announced));
  return out;
}

/** That somebody has to do something about; the rest is for who asks. */
export const isBad = (heard: Heard) =>
  heard.packets === 0 || heard.loss_permille >= lossBad || heard.jitter_ms >= jitterBad;

interface Trunk {
  name: string;
  registers: boolean;
  registration: string;
  gateways: { uri: string; state: string }[];
}

export async function troublesOfTrunks(): Promise<string[]> {
  const { items } = await get<Page<Trunk>>('/trunks');
  const out: string[] = [];
  for (const trunk of items) {
    for (const { uri, state } of trunk.gateways)
      if (state && !state.startsWith('up'))
        out.push(t('{0}: the gateway {1} says: {2}', trunk.name, uri, state));
    if (trunk.registers && trunk.registration && trunk.registration !== 'registered')
      out.push(t('{0}: the provider does not know us: {1}', trunk.name, trunk.registration));
  }
  return out;
}

const gibibyte = 2 ** 30;
const troublesShown = 5; // Of people, at once.

/** What the counters of the last two minutes say. */
export function alerts(): string[] {
  const { counters, history } = live;
  const first: Counters = history[0] ?? counters;
  const grown = (name: string) => (counters[name] ?? 0) - (first[name] ?? counters[name] ?? 0);
  const out: string[] = [];
  const late = grown('media_late_ticks_total');
  if (late > grown('media_ticks_total') / 100 && late > 5)
    out.push(t('The machine is too slow: sound was late {0} times in the last minutes.', late));
  if (counters.machine_load_percent > 90)
    out.push(t('The machine is busy: {0} % of what it can do.', counters.machine_load_percent));
  if (counters.disk_free_bytes !== undefined && counters.disk_free_bytes < gibibyte)
    out.push(t('The disk is nearly full: {0} MiB are left.', Math.floor(counters.disk_free_bytes / 2 ** 20)));
  if (grown('database_failures_total') > 0)
    out.push(t('What happened could not be written to disk: see the log.'));
  const lost = grown('media_packets_lost_total');
  if (lost > 100 && lost > grown('media_packets_received_total') / 30)
    out.push(t('Many packets are lost on the way to us: the network here may be full.'));
  if (counters.bans > 0)
    out.push(t('{0} addresses are banned because passwords were guessed there.', counters.bans));
  for (const { conference, participants } of live.rooms.values())
    for (const who of participants.values()) {
      const heard = who.quality;
      const sinceJoined = Date.now() - Date.parse(who.joined);
      if (!heard?.codec || !isBad(heard) || sinceJoined < 10_000) continue;
      if (out.length < 10 + troublesShown)
        out.push(`${nameOf(who)}, ${conference.room}: ${troublesOf(heard, false)[0]}`);
    }
  return out;
}
