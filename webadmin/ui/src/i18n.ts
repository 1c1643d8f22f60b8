/** The page in English, German and Spanish; English is its own key. */
const words: Record<string, [string, string]> = {
  'Account': ['Konto', 'Cuenta'],
  'Actions': ['Aktionen', 'Acciones'],
  'Add': ['Hinzufügen', 'Añadir'],
  'Add a person': ['Person hinzufügen', 'Añadir una persona'],
  'Add a room': ['Raum hinzufügen', 'Añadir una sala'],
  'Admit': ['Einlassen', 'Admitir'],
  'Alias': ['Kurzname', 'Alias'],
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

export const time = (text: string) =>
  text ? new Date(text).toLocaleTimeString(language, { timeStyle: 'short' }) : '';
export const dateTime = (text: string) =>
  text ? new Date(text).toLocaleString(language, { dateStyle: 'medium', timeStyle: 'medium' }) : '';
