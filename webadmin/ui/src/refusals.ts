/** What the server says when it does not do something, in the words of the page. English is its own
    key; one that ends with a space goes on with a name. */
import { language } from './i18n';

const words: Record<string, [string, string]> = {
  'The server cannot be reached.': ['Der Server ist nicht erreichbar.', 'No se puede llegar al servidor.'],
  'a PIN has up to 16 digits': ['eine PIN hat bis zu 16 Ziffern', 'un PIN tiene hasta 16 cifras'],
  'a gateway is a SIP URI without a user, such as sip:gw.example.net': ['ein Gateway ist eine SIP-Adresse ohne Benutzer, etwa sip:gw.example.net', 'una pasarela es una dirección SIP sin usuario, como sip:gw.example.net'],
  'a lesson has a title': ['eine Stunde hat einen Titel', 'una clase tiene título'],
  'a password has at least 8 characters': ['ein Passwort hat mindestens 8 Zeichen', 'una contraseña tiene al menos 8 caracteres'],
  'access by PIN needs a PIN': ['Zugang mit PIN braucht eine PIN', 'el acceso por PIN necesita un PIN'],
  'expected a time like 09:45': ['erwartet wird eine Uhrzeit wie 09:45', 'se espera una hora como 09:45'],
  'it ends before it begins': ['es endet, bevor es beginnt', 'termina antes de empezar'],
  'log in first': ['zuerst anmelden', 'entre primero'],
  'name or password is wrong': ['Name oder Passwort ist falsch', 'nombre o contraseña incorrectos'],
  'neither PIN may begin with the other': ['keine PIN darf mit der anderen beginnen', 'ningún PIN puede empezar por el otro'],
  'neither a name nor a SIP URI: ': ['weder ein Name noch eine SIP-Adresse: ', 'ni un nombre ni una dirección SIP: '],
  'nobody would be left to let people in': ['dann könnte niemand mehr jemanden einlassen', 'no quedaría nadie para dejar entrar'],
  'somebody else has changed it: look again': ['jemand anders hat es geändert: neu laden', 'otra persona lo cambió: vuelva a mirar'],
  'the code is wrong or was used already': ['der Code ist falsch oder schon benutzt', 'el código es incorrecto o ya se usó'],
  'the code is wrong; is your clock right?': ['der Code ist falsch; geht Ihre Uhr richtig?', 'el código es incorrecto; ¿va bien su reloj?'],
  'the code of your authenticator is needed': ['der Code Ihrer Authentifizierungs-App fehlt', 'falta el código de su autenticador'],
  'the database cannot be used: try again': ['die Datenbank ist nicht verfügbar: später noch einmal', 'la base de datos no está disponible: inténtelo de nuevo'],
  'the link has been used, or is too old': ['der Link ist verbraucht oder zu alt', 'el enlace ya se usó o es demasiado antiguo'],
  'the name is taken: ': ['der Name ist vergeben: ', 'el nombre está ocupado: '],
  'the old password is wrong': ['das alte Passwort ist falsch', 'la contraseña anterior es incorrecta'],
  'the passkey is not known here, or took too long': ['der Passkey ist hier nicht bekannt, oder es dauerte zu lange', 'la llave no se conoce aquí, o tardó demasiado'],
  'the password is empty': ['das Passwort ist leer', 'la contraseña está vacía'],
  'the room is not in session': ['der Raum ist gerade leer', 'la sala no está en sesión'],
  'there is a room or a user of that name': ['es gibt schon einen Raum oder Benutzer dieses Namens', 'ya hay una sala o un usuario con ese nombre'],
  'there is a route of that pattern': ['es gibt schon einen Weg mit diesem Muster', 'ya hay una ruta con ese patrón'],
  'there is a trunk of that name': ['es gibt schon eine Leitung dieses Namens', 'ya hay una troncal con ese nombre'],
  'there is an account of that name': ['es gibt schon ein Konto dieses Namens', 'ya hay una cuenta con ese nombre'],
  'there is an alias of that name': ['es gibt diesen Namen schon', 'ese nombre ya existe'],
  'there is no group ': ['es gibt keine Gruppe ', 'no hay ningún grupo '],
  'there is no room ': ['es gibt keinen Raum ', 'no hay ninguna sala '],
  'there is no trunk ': ['es gibt keine Leitung ', 'no hay ninguna troncal '],
  'there is no user ': ['es gibt keinen Benutzer ', 'no hay ningún usuario '],
  'there is nothing of that name': ['das gibt es nicht', 'eso no existe'],
  'too many failures: wait a moment': ['zu viele Fehlversuche: einen Moment warten', 'demasiados fallos: espere un momento'],
  'your role does not let you do this': ['Ihre Rolle erlaubt das nicht', 'su rol no permite esto'],
};

export function refusal(text: string): string {
  if (language === 'en') return text;
  const which = language === 'de' ? 0 : 1;
  if (words[text]) return words[text][which];
  const start = Object.keys(words).find((each) => each.endsWith(' ') && text.startsWith(each));
  return start ? words[start][which] + text.slice(start.length) : text;
}
