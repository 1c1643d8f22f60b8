/** The page in English, German and Spanish; English is its own key. */
const words: Record<string, [string, string]> = {
  'Account': ['Konto', 'Cuenta'],
  'Actions': ['Aktionen', 'Acciones'],
  'Add': ['Hinzufügen', 'Añadir'],
  'Add a person': ['Person hinzufügen', 'Añadir una persona'],
  'Add a room': ['Raum hinzufügen', 'Añadir una sala'],
  'Nobody answered.': ['Niemand hat abgenommen.', 'Nadie contestó.'],
  'The called was busy.': ['Der Angerufene war besetzt.', 'El llamado comunicaba.'],
  'The called has refused.': ['Der Angerufene hat abgelehnt.', 'El llamado rechazó la llamada.'],
  'There is nobody of that name or number.': ['Diesen Namen oder diese Nummer gibt es nicht.', 'No existe ese nombre o número.'],
  'The caller has hung up before.': ['Der Anrufer hat vorher aufgelegt.', 'El que llamaba colgó antes.'],
  'The password was not said, or was wrong.': ['Das Passwort fehlte oder war falsch.', 'La contraseña faltaba o era incorrecta.'],
  'He may not do this: a locked room, a wrong PIN, or a rule.': ['Das darf er nicht: ein abgeschlossener Raum, eine falsche PIN oder eine Regel.', 'No le está permitido: sala cerrada, PIN incorrecto o una regla.'],
  'No device was there.': ['Kein Gerät war da.', 'No había ningún dispositivo.'],
  'The two have no codec or encryption in common.': ['Die beiden haben keinen Codec oder keine Verschlüsselung gemeinsam.', 'No tienen códec o cifrado en común.'],
  'It sounded well.': ['Es klang gut.', 'Se oyó bien.'],
  'No packet ever arrived from there: a firewall, or a wrong address?': ['Von dort kam nie ein Paket an: eine Firewall oder eine falsche Adresse?', 'Nunca llegó un paquete de allí: ¿un cortafuegos o una dirección errónea?'],
  'Packets were lost on the way to us: a full or bad network there.': ['Pakete gingen auf dem Weg zu uns verloren: dort ist das Netz voll oder schlecht.', 'Se perdieron paquetes en camino: la red allí está llena o es mala.'],
  'Packets came very unevenly: a wireless network, perhaps.': ['Pakete kamen sehr ungleichmäßig: vielleicht ein Funknetz.', 'Los paquetes llegaron muy irregulares: quizá una red inalámbrica.'],
  'What was said by SIP is not known any more.': ['Was per SIP gesagt wurde, ist nicht mehr bekannt.', 'Ya no se sabe qué se dijo por SIP.'],
  'Admit': ['Einlassen', 'Admitir'],
  'All': ['Alle', 'Todos'],
  'Announce': ['Durchsage', 'Anunciar'],
  'Audit': ['Protokoll', 'Auditoría'],
  'Bans': ['Sperren', 'Bloqueos'],
  'Call out': ['Anrufen', 'Llamar'],
  'Call up': ['Aufrufen', 'Dar la palabra'],
  'Calls': ['Anrufe', 'Llamadas'],
  'Cancel': ['Abbrechen', 'Cancelar'],
  'Choose a password': ['Passwort wählen', 'Elija una contraseña'],
  'Close': ['Schließen', 'Cerrar'],
  'Code': ['Code', 'Código'],
  'Conferences': ['Konferenzen', 'Conferencias'],
  'Connection lost, trying again…': ['Verbindung unterbrochen, neuer Versuch…', 'Conexión perdida, reintentando…'],
  'Deny': ['Ablehnen', 'Rechazar'],
  'Devices': ['Geräte', 'Dispositivos'],
  'Dial': ['Wählen', 'Marcar'],
  'Done': ['Erledigt', 'Hecho'],
  'End': ['Beenden', 'Terminar'],
  'Groups': ['Gruppen', 'Grupos'],
  'Guest': ['Gast', 'Invitado'],
  'Hand up': ['Meldet sich', 'Mano levantada'],
  'Health': ['Zustand', 'Estado'],
  'Import': ['Importieren', 'Importar'],
  'In session': ['Läuft', 'En sesión'],
  'Language': ['Sprache', 'Idioma'],
  'Lecture': ['Vorlesung', 'Conferencia magistral'],
  'Lobby': ['Warteraum', 'Sala de espera'],
  'Lock': ['Abschließen', 'Cerrar la sala'],
  'Locked': ['Abgeschlossen', 'Cerrada'],
  'Log in': ['Anmelden', 'Entrar'],
  'Log out': ['Abmelden', 'Salir'],
  'Make host': ['Zum Gastgeber machen', 'Hacer anfitrión'],
  'More': ['Mehr', 'Más'],
  'Move to group': ['In Gruppe', 'Mover al grupo'],
  'Mute': ['Stumm', 'Silenciar'],
  'Mute all but hosts': ['Alle stumm außer Gastgebern', 'Silenciar a todos salvo anfitriones'],
  'Names and numbers': ['Namen und Nummern', 'Nombres y números'],
  'Name': ['Name', 'Nombre'],
  'New password': ['Neues Passwort', 'Contraseña nueva'],
  'Nobody is in a room now.': ['Gerade ist niemand in einem Raum.', 'Ahora no hay nadie en una sala.'],
  'Nothing here yet.': ['Hier ist noch nichts.', 'Aún no hay nada.'],
  'Now': ['Jetzt', 'Ahora'],
  'Numbers': ['Nummern', 'Números'],
  'Old password': ['Altes Passwort', 'Contraseña anterior'],
  'Organisation': ['Organisation', 'Organización'],
  'Participants': ['Teilnehmer', 'Participantes'],
  'Password': ['Passwort', 'Contraseña'],
  'People': ['Personen', 'Personas'],
  'Reset': ['Zurücksetzen', 'Restablecer'],
  'Registered': ['Angemeldet', 'Registrados'],
  'Release': ['Freigeben', 'Liberar'],
  'Remove': ['Entfernen', 'Quitar'],
  'Role': ['Rolle', 'Rol'],
  'Room': ['Raum', 'Sala'],
  'Rooms': ['Räume', 'Salas'],
  'Routes': ['Wege', 'Rutas'],
  'Rules': ['Regeln', 'Reglas'],
  'Save': ['Speichern', 'Guardar'],
  'Search': ['Suchen', 'Buscar'],
  'Settings': ['Einstellungen', 'Ajustes'],
  'Speaking': ['Spricht', 'Hablando'],
  'Target': ['Ziel', 'Destino'],
  'This room is not in session.': ['Dieser Raum ist gerade leer.', 'Esta sala no está en sesión.'],
  'Throw out': ['Hinauswerfen', 'Expulsar'],
  'Subscriptions': ['Abonnements', 'Suscripciones'],
  'Tokens': ['Token', 'Tokens'],
  'Trunks': ['Leitungen', 'Troncales'],
  'Undo': ['Rückgängig', 'Deshacer'],
  'Unlock': ['Aufschließen', 'Abrir la sala'],
  'Unmute': ['Stumm aufheben', 'Activar micrófono'],
  'What happens when this is dialled?': ['Was passiert, wenn man das wählt?', '¿Qué pasa al marcar esto?'],
  'default': ['Vorgabe', 'predeterminado'],
  'from organisation': ['von der Organisation', 'de la organización'],
  'here': ['hier', 'aquí'],
  'host': ['Gastgeber', 'anfitrión'],
  'listener': ['Zuhörer', 'oyente'],
  'speaker': ['Sprecher', 'orador'],
  'Louder': ['Lauter', 'Más alto'],
  'Softer': ['Leiser', 'Más bajo'],
  'Who can use this page': ['Wer diese Seite benutzen darf', 'Quién puede usar esta página'],
  'Two-step log-in': ['Anmeldung in zwei Schritten', 'Acceso en dos pasos'],
  'Turn on': ['Einschalten', 'Activar'],
  'Turn off': ['Ausschalten', 'Desactivar'],
  'Group': ['Gruppe', 'Grupo'],
};

/** What fields and rules of the API are called on the page. */
const labels: Record<string, [string, string, string]> = {
  access: ['Access', 'Zugang', 'Acceso'],
  account: ['Account', 'Konto', 'Cuenta'],
  action: ['What', 'Was', 'Qué'],
  add: ['Digits put in front', 'Vorangestellte Ziffern', 'Cifras antepuestas'],
  address: ['Address', 'Adresse', 'Dirección'],
  always: ['Calls always go to', 'Anrufe gehen immer an', 'Las llamadas van siempre a'],
  at: ['When', 'Wann', 'Cuándo'],
  began: ['Began', 'Beginn', 'Inicio'],
  busy: ['When busy', 'Wenn besetzt', 'Si comunica'],
  callee: ['To', 'An', 'A'],
  caller: ['From', 'Von', 'De'],
  calls: ['Calls at once', 'Anrufe zugleich', 'Llamadas a la vez'],
  code: ['Code', 'Code', 'Código'],
  detail: ['Detail', 'Näheres', 'Detalle'],
  device: ['Device', 'Gerät', 'Dispositivo'],
  'dial-out': ['Who may call others in', 'Wer andere anrufen darf', 'Quién puede llamar a otros'],
  encryption: ['Encryption', 'Verschlüsselung', 'Cifrado'],
  'end-after-host': ['Ends after the last host (s)', 'Ende nach dem letzten Gastgeber (s)', 'Termina tras el último anfitrión (s)'],
  from: ['Where', 'Wo', 'Dónde'],
  gateways: ['Gateways', 'Gateways', 'Pasarelas'],
  groups: ['Groups', 'Gruppen', 'Grupos'],
  guests: ['Guests may come in', 'Gäste dürfen herein', 'Pueden entrar invitados'],
  history: ['Messages told to newcomers', 'Nachrichten für Neue', 'Mensajes para recién llegados'],
  host_pin: ['PIN of hosts', 'PIN der Gastgeber', 'PIN de anfitriones'],
  inbound: ['Calls from there lead to', 'Anrufe von dort gehen an', 'Las llamadas de allí van a'],
  joins: ['Who comes is heard by', 'Wer kommt, hört man durch', 'Quien entra se oye por'],
  language: ['Language', 'Sprache', 'Idioma'],
  lecture: ['Lecture', 'Vorlesung', 'Conferencia magistral'],
  lobby: ['Lobby', 'Warteraum', 'Sala de espera'],
  members_only: ['For members only', 'Nur für Mitglieder', 'Solo para miembros'],
  name: ['Name', 'Name', 'Nombre'],
  no_answer: ['When nobody answers', 'Wenn niemand abnimmt', 'Si nadie contesta'],
  number: ['Number', 'Nummer', 'Número'],
  old_password: ['Old password', 'Altes Passwort', 'Contraseña anterior'],
  package: ['Package', 'Paket', 'Paquete'],
  'participants-max': ['Participants at most', 'Teilnehmer höchstens', 'Participantes como máximo'],
  password: ['Password', 'Passwort', 'Contraseña'],
  pattern: ['Dialled (x: any digit, . any more)', 'Gewählt (x: eine Ziffer, . weitere)', 'Marcado (x: una cifra, . más)'],
  pin: ['PIN', 'PIN', 'PIN'],
  resource: ['Who is watched', 'Wer beobachtet wird', 'A quién se observa'],
  role: ['Role', 'Rolle', 'Rol'],
  speak: ['Who may speak', 'Wer sprechen darf', 'Quién puede hablar'],
  speakers: ['Heard at once', 'Zugleich gehört', 'Oídos a la vez'],
  'start-muted': ['Muted at first', 'Anfangs stumm', 'Silenciados al entrar'],
  strip: ['Digits taken off', 'Ziffern weg', 'Cifras quitadas'],
  talked: ['Seconds', 'Sekunden', 'Segundos'],
  target: ['Leads to', 'Führt zu', 'Lleva a'],
  'time-limit': ['Ends after (min)', 'Ende nach (min)', 'Termina tras (min)'],
  unreachable: ['When unreachable', 'Wenn nicht erreichbar', 'Si no está localizable'],
  until: ['Until', 'Bis', 'Hasta'],
  user: ['User', 'Benutzer', 'Usuario'],
  watcher: ['Who watches', 'Wer beobachtet', 'Quién observa'],
  way: ['How', 'Wie', 'Cómo'],
  who: ['Who', 'Wer', 'Quién'],
  whom: ['Whom', 'Wen', 'A quién'],
  why: ['Why', 'Warum', 'Por qué'],
};

export type Language = 'en' | 'de' | 'es';

function chosen(): Language {
  const kept = localStorage.getItem('language') ?? navigator.language.slice(0, 2);
  return kept === 'de' || kept === 'es' ? kept : 'en';
}

export let language: Language = chosen();
document.documentElement.lang = language;

export function setLanguage(wanted: Language) {
  localStorage.setItem('language', wanted);
  location.reload();
}

export function t(text: string): string {
  return language === 'en' ? text : (words[text]?.[language === 'de' ? 0 : 1] ?? text);
}

export function label(field: string): string {
  return labels[field]?.[language === 'en' ? 0 : language === 'de' ? 1 : 2] ?? t(field);
}

export function people(count: number): string {
  const one = { en: 'participant', de: 'Teilnehmer', es: 'participante' }[language];
  const many = { en: 'participants', de: 'Teilnehmer', es: 'participantes' }[language];
  return `${count} ${count === 1 ? one : many}`;
}

export const time = (text: string) =>
  text ? new Date(text).toLocaleTimeString(language, { timeStyle: 'short' }) : '';
export const dateTime = (text: string) =>
  text ? new Date(text).toLocaleString(language, { dateStyle: 'medium', timeStyle: 'medium' }) : '';
