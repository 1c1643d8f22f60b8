/** What goes on now: a mirror of the rooms in session, kept by the server's stream of events. */
import { useEffect, useState } from 'preact/hooks';
import type { Heard } from './trouble';

export interface Participant {
  id: string;
  uri: string;
  name: string;
  member: string;
  state: 'door' | 'lobby' | 'inside';
  role: 'host' | 'speaker' | 'listener';
  muted: boolean;
  deaf: boolean;
  floor: boolean;
  hand: number;
  group: string;
  dialled_in: boolean;
  joined: string;
  quality?: Heard;
}

export const nameOf = (who: Participant) =>
  who.name || who.member || who.uri.replace(/^sips?:/, '');

export interface Conference {
  room: string;
  began: string;
  locked: boolean;
  lecture: boolean;
}

export interface Room {
  conference: Conference;
  participants: Map<string, Participant>;
}

export type Counters = Record<string, number>;

export const levelLasts = 600; // Milliseconds: a level that is not renewed is silence.

class Live {
  rooms = new Map<string, Room>();
  counters: Counters = {};
  history: Counters[] = []; // One a second, the newest last.
  connected = false;
  private levels = new Map<string, { db: number; at: number }>();
  private listeners = new Set<() => void>();
  private socket: WebSocket | null = null;
  private epoch = '';
  private last = 0;
  private wait = 250;
  private scheduled = false;

  open() {
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
    const resume = this.epoch ? `?epoch=${this.epoch}&after=${this.last}` : '';
    const socket = new WebSocket(`${scheme}://${location.host}/api/v1/events${resume}`);
    this.socket = socket;
    socket.onopen = () => {
      this.wait = 250;
      this.connected = true;
      this.tell();
    };
    socket.onmessage = (message) => this.handle(JSON.parse(message.data));
    socket.onclose = () => {
      if (this.socket !== socket) return;
      this.connected = false;
      this.tell();
      setTimeout(() => this.socket === socket && this.open(), this.wait);
      this.wait = Math.min(this.wait * 2, 10_000);
    };
  }

  close() {
    const socket = this.socket;
    this.socket = null;
    this.epoch = '';
    this.rooms.clear();
    socket?.close();
  }

  level(room: string, id: string): number {
    const known = this.levels.get(`${room}\n${id}`);
    return known && performance.now() - known.at < levelLasts ? known.db : -127;
  }

  subscribe(listener: () => void) {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  private tell() {
    if (this.scheduled) return;
    this.scheduled = true;
    requestAnimationFrame(() => {
      this.scheduled = false;
      for (const listener of this.listeners) listener();
    });
  }

  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  private handle(event: any) {
    if (event.seq !== undefined) this.last = event.seq;
    switch (event.type) {
      case 'snapshot':
        this.epoch = event.epoch;
        this.rooms.clear();
        for (const { participants, ...conference } of event.conferences)
          this.rooms.set(conference.room.toLowerCase(), {
            conference,
            participants: new Map(participants.map((each: Participant) => [each.id, each])),
          });
        this.count(event.counters);
        break;
      case 'conference': {
        const known = this.rooms.get(event.room);
        this.rooms.set(event.room, {
          conference: event.conference,
          participants: known?.participants ?? new Map(),
        });
        break;
      }
      case 'participant': {
        const participants = this.rooms.get(event.room)?.participants;
        const { quality } = participants?.get(event.participant.id) ?? {};
        participants?.set(event.participant.id, { ...event.participant, quality });
        break;
      }
      case 'quality': {
        const participants = this.rooms.get(event.room)?.participants;
        for (const [id, quality] of Object.entries(event.quality as Record<string, Heard>)) {
          const who = participants?.get(id);
          if (who) participants?.set(id, { ...who, quality });
        }
        break;
      }
      case 'left':
        this.rooms.get(event.room)?.participants.delete(event.participant);
        break;
      case 'ended':
        this.rooms.delete(event.room);
        break;
      case 'levels':
        for (const [id, db] of Object.entries(event.levels as Record<string, number>))
          this.levels.set(`${event.room}\n${id}`, { db, at: performance.now() });
        return; // Meters look by themselves.
      case 'counters':
        this.count(event.counters);
        break;
    }
    this.tell();
  }

  private count(counters: Counters) {
    this.counters = counters;
    this.history = [...this.history.slice(-119), counters];
  }
}

export const live = new Live();

/** Renders again whenever something has changed. */
export function useLive() {
  const [, again] = useState(0);
  useEffect(() => live.subscribe(() => again((count) => count + 1)), []);
  return live;
}
