### Alles, was der Browser-Teil sagt, auf Deutsch.
###
### Sagen, was ist, dann was sich tun lässt. Niemand ist schuld, weder Mensch noch Browser. „du“, weil sich die Menschen in
### Selbsthilfegruppen duzen. Geschlechter werden vermieden („die Leitung“ statt „der Leiter“).

## Überall

brand = Hearthside
skip-main = Zum Hauptinhalt springen
skip-people = Zu den Menschen springen
opening = Die Tür geht auf…
untitled = Treffen
encrypted = Ende-zu-Ende-verschlüsselt
cancel = Abbrechen
close = Schließen
try-again = Noch einmal versuchen
reload = Seite neu laden
you = Du
somebody = Jemand
somebody-new = Jemand Neues
# Im Satz, nach denen, deren Namen bekannt sind; nur im ersten und vierten Fall zu gebrauchen.
people-new = { $count ->
    [one] jemand Neues
   *[other] { $count } Neue
}
copy = Kopieren
not-now = Jetzt nicht
and-then = { $said }, { $word }

copy-link = Link kopieren
copy-participant-link = Teilnahme-Link kopieren
copy-facilitator-link = Leitungs-Link kopieren
copied = Kopiert
copy-refused = Der Browser hat das Kopieren nicht erlaubt. Drücke noch einmal oder erlaube dieser Seite die Zwischenablage.

## Vor dem Treffen

before-promise = Nur die Leitung und die Menschen, die sie einlässt, können dich sehen, hören oder lesen. Sie alle haben eine Kachel. Dieser Server gehört nicht dazu. Kameras sind willkommen und werden nie erwartet.
agreement = Vereinbarung der Gruppe
agree-stays = Was hier gesagt wird, bleibt hier. Ich nehme nichts auf und mache keine Kopien oder Bildschirmfotos.
agree-listen = Ich spreche für mich und lasse andere ausreden.
agree-alone = Ich bin dort, wo niemand mithören kann, oder benutze Kopfhörer.
agree-free = Ich darf schweigen, die Kamera ausschalten oder jederzeit gehen.
agree-crisis = Diese Gruppe ist kein Notdienst. Ich weiß, an wen ich mich in einer Krise wende.
agree-missing = Bitte auch hier ein Häkchen setzen
your-name = Dein Name
suggest-name = Namen vorschlagen
name-hint = Irgendein Name, der dir gefällt. Niemand bewahrt ihn auf, und dieser Tab vergisst ihn, wenn du ihn schließt.
name-empty = Bitte wähle einen Namen. Jeder ist recht.
name-too-long = Dieser Name ist etwas lang. Bis zu 40 Zeichen passen.
name-reserved = Dieses Wort meint hier die ganze Gruppe. Bitte wähle einen anderen Namen.
name-characters = In diesem Namen stehen Zeichen, die andere nicht sehen können. Bitte tippe ihn neu.
name-words-first = Morgen, Abend, Wald, Silber, Sommer, Winter, Stern, Moos, Ufer, Nebel, Feld, Mond
name-words-second = Reiher, Amsel, Fluss, Birke, Farn, Hafen, Weide, Wiese, Kiesel, Zeder, Laterne, Falter
devices-heading = So wirst du gesehen und gehört
devices-later = Mikrofon und Kamera öffnen sich, wenn du der ganzen Vereinbarung zugestimmt hast.
preview-on = Deine Vorschau, Kamera an
preview-off = Deine Vorschau, Kamera aus
ask-to-join = Um Einlass bitten
join-meeting = Zum Treffen
without-devices = Ohne Kamera und Mikrofon weiter
before-participant = Die Leitung sieht deinen Namen und lässt dich ein.
before-facilitator = Du kommst gleich hinein. Die anderen sehen, dass du leitest.
before-unanswered = Der Server antwortet noch nicht. Es wird weiter versucht; du brauchst nichts zu drücken.

## Geräte

microphone = Mikrofon
camera = Kamera
speaker = Lautsprecher
level = Mikrofonpegel
test-sound = Probeton spielen
mute = Mikrofon ausschalten
unmute = Mikrofon einschalten
mute-short = Mikrofon
unmute-short = Mikrofon
camera-turn-off = Kamera ausschalten
camera-turn-on = Kamera einschalten
device-silent = Von diesem Mikrofon ist nichts zu hören. Ist es eingeschaltet, oder ist ein anderes gemeint?
device-asking = { $device ->
    [camera] Der Browser fragt, ob diese Seite die Kamera benutzen darf. Wähle „Zulassen“, wenn du gesehen werden möchtest.
   *[microphone] Der Browser fragt, ob diese Seite das Mikrofon benutzen darf. Wähle „Zulassen“, wenn du gehört werden möchtest.
}
device-blocked = { $device ->
    [camera] Der Browser hält die Kamera geschlossen.
   *[microphone] Der Browser hält das Mikrofon geschlossen.
}
device-blocked-system = { $device ->
    [camera] Die Einstellungen dieses Geräts halten die Kamera geschlossen.
   *[microphone] Die Einstellungen dieses Geräts halten das Mikrofon geschlossen.
}
device-missing = { $device ->
    [camera] Keine Kamera gefunden. Ohne Bild bist du genauso willkommen.
   *[microphone] Kein Mikrofon gefunden. Du kannst zuhören und im Chat schreiben.
}
device-in-use = { $device ->
    [camera] Ein anderes Programm benutzt die Kamera. Schließe es dort und drücke „Noch einmal versuchen“.
   *[microphone] Ein anderes Programm benutzt das Mikrofon. Schließe es dort und drücke „Noch einmal versuchen“.
}
device-lost = { $device ->
    [camera] Die Kamera ist nicht mehr verbunden. Stecke sie wieder ein oder wähle eine andere.
   *[microphone] Das Mikrofon ist nicht mehr verbunden. Stecke es wieder ein oder wähle ein anderes.
}
device-how = { $device ->
    [camera] So öffnest du die Kamera
   *[microphone] So öffnest du das Mikrofon
}
device-try-again = { $device ->
    [camera] Noch einmal versuchen: Kamera
   *[microphone] Noch einmal versuchen: Mikrofon
}

## Hilfe bei einem geschlossenen Gerät

help-title = { $device ->
    [camera] Der Browser hält die Kamera geschlossen
   *[microphone] Der Browser hält das Mikrofon geschlossen
}
help-title-system = { $device ->
    [camera] Dieses Gerät hält die Kamera geschlossen
   *[microphone] Dieses Gerät hält das Mikrofon geschlossen
}
help-why = Vielleicht wurde irgendwann „Blockieren“ gewählt. So geht es wieder auf:
help-why-system = Die Einstellungen erlauben es Browsern zurzeit nicht. So geht es wieder auf:
help-again = Komm hierher zurück und drücke „Noch einmal versuchen“.
help-still = Immer noch zu? Vielleicht benutzt es ein anderes Programm, oder jemand verwaltet dieses Gerät. Du bist auch ohne willkommen.
help-without = { $device ->
    [camera] Ohne Kamera weiter
   *[microphone] Ohne Mikrofon weiter
}
help-chrome-1 = Drücke auf das Zeichen links neben der Adresse.
help-chrome-2 = { $device ->
    [camera] Schalte „Kamera“ ein.
   *[microphone] Schalte „Mikrofon“ ein.
}
help-edge-1 = Drücke auf das Schloss links neben der Adresse, dann „Berechtigungen für diese Website“.
help-edge-2 = { $device ->
    [camera] Stelle „Kamera“ auf „Zulassen“.
   *[microphone] Stelle „Mikrofon“ auf „Zulassen“.
}
help-firefox-1 = { $device ->
    [camera] Drücke auf die durchgestrichene Kamera links neben der Adresse.
   *[microphone] Drücke auf das durchgestrichene Mikrofon links neben der Adresse.
}
help-firefox-2 = Drücke auf das „×“ neben „Blockiert“.
help-safari-1 = Öffne das Menü „Safari“, dann „Einstellungen für diese Website“.
help-safari-2 = { $device ->
    [camera] Stelle „Kamera“ auf „Erlauben“.
   *[microphone] Stelle „Mikrofon“ auf „Erlauben“.
}
help-android-chrome-1 = Drücke auf das Zeichen links neben der Adresse, dann „Berechtigungen“.
help-android-chrome-2 = { $device ->
    [camera] Schalte „Kamera“ ein.
   *[microphone] Schalte „Mikrofon“ ein.
}
help-android-edge-1 = Drücke auf das Schloss links neben der Adresse, dann „Berechtigungen“.
help-android-edge-2 = { $device ->
    [camera] Stelle „Kamera“ auf „Zulassen“.
   *[microphone] Stelle „Mikrofon“ auf „Zulassen“.
}
help-android-firefox-1 = Drücke auf das Schloss links neben der Adresse.
help-android-firefox-2 = { $device ->
    [camera] Drücke „Blockiert“ neben „Kamera“, bis dort „Erlaubt“ steht.
   *[microphone] Drücke „Blockiert“ neben „Mikrofon“, bis dort „Erlaubt“ steht.
}
help-ios-safari-1 = Drücke auf das Seiten-Zeichen neben der Adresse, dann „Website-Einstellungen“.
help-ios-safari-2 = { $device ->
    [camera] Stelle „Kamera“ auf „Erlauben“.
   *[microphone] Stelle „Mikrofon“ auf „Erlauben“.
}
help-ios-other-1 = Öffne auf deinem Gerät „Einstellungen“ und dort den Namen dieses Browsers.
help-ios-other-2 = { $device ->
    [camera] Schalte „Kamera“ ein.
   *[microphone] Schalte „Mikrofon“ ein.
}
help-other-1 = Öffne die Einstellungen deines Browsers für diese Seite, meist neben der Adresse.
help-other-2 = { $device ->
    [camera] Erlaube die Kamera.
   *[microphone] Erlaube das Mikrofon.
}
help-windows-1 = { $device ->
    [camera] Öffne „Einstellungen“, „Datenschutz und Sicherheit“, „Kamera“.
   *[microphone] Öffne „Einstellungen“, „Datenschutz und Sicherheit“, „Mikrofon“.
}
help-windows-2 = Erlaube den Zugriff für Apps und für deinen Browser in der Liste.
help-mac-1 = { $device ->
    [camera] Öffne „Systemeinstellungen“, „Datenschutz & Sicherheit“, „Kamera“.
   *[microphone] Öffne „Systemeinstellungen“, „Datenschutz & Sicherheit“, „Mikrofon“.
}
help-mac-2 = Schalte deinen Browser ein, und lass ihn neu starten, wenn er danach fragt.
help-android-1 = Öffne „Einstellungen“, „Apps“, deinen Browser, „Berechtigungen“.
help-android-2 = { $device ->
    [camera] Stelle „Kamera“ auf „Zugriff nur während der Nutzung der App zulassen“.
   *[microphone] Stelle „Mikrofon“ auf „Zugriff nur während der Nutzung der App zulassen“.
}
help-ios-1 = Öffne „Einstellungen“, „Apps“ und dort den Namen deines Browsers.
help-ios-2 = { $device ->
    [camera] Schalte „Kamera“ ein.
   *[microphone] Schalte „Mikrofon“ ein.
}
help-system-1 = Öffne die Datenschutz-Einstellungen dieses Geräts.
help-system-2 = { $device ->
    [camera] Erlaube deinem Browser die Kamera.
   *[microphone] Erlaube deinem Browser das Mikrofon.
}

## Warten

waiting = Du wartest auf Einlass
waiting-known = Die Leitung weiß, dass du da bist, { $name }.
waiting-nobody-yet = Noch ist niemand von der Leitung da; das Treffen beginnt, sobald jemand kommt.
waiting-reconnecting = Deine Verbindung ist unterbrochen. Es wird weiter versucht; dein Platz bleibt dir.
waiting-words = Komm, wie du bist. Du brauchst nicht die richtigen Worte, und du musst nicht sprechen. Da zu sein genügt.
waiting-only-you = Das siehst vorerst nur du
shape-still = Form anhalten
shape-move = Form bewegen lassen
stop-waiting = Nicht länger warten
declined-title = Diesmal nicht
declined-what = Du wurdest diesmal nicht eingelassen. Du kannst in einer Minute wieder fragen oder dich an die Gruppe wenden.
declined-wait = Du kannst in etwa { $seconds } Sekunden wieder fragen.
declined-now = Du kannst jetzt wieder fragen.
ask-again = Noch einmal fragen

## Hindernisse

problem-no-secret-title = Öffne den Link aus deiner Einladung noch einmal
problem-no-secret-what = Der geheime Teil des Links ist nicht da. Er bleibt nie lange in der Adresse, und manche Programme schneiden ihn ab.
problem-no-secret-remedy = Suche die Nachricht mit deiner Einladung und öffne ihren Link noch einmal. Hilft das nicht, bitte die Person, von der du ihn hast, um den ganzen Link.
problem-damaged-link-title = Dieser Link ist nicht heil angekommen
problem-damaged-link-what = Etwas fehlt darin, oder etwas ist dazugekommen. Manche Programme schneiden lange Links ab oder nehmen einen Punkt mit.
problem-damaged-link-remedy = Kopiere den ganzen Link aus deiner Einladung in die Adresse. Hilft das nicht, bitte die Person, von der du ihn hast, um einen neuen.
problem-unknown-group-title = Hinter diesem Link ist keine Gruppe
problem-unknown-group-what = Vielleicht wurde die Gruppe gelöscht. Oder der Link gehört zu einem anderen Server oder wurde unterwegs verändert.
problem-unknown-group-remedy = Frage die Person, von der du den Link hast, ob es einen neuen gibt.
problem-foreign-link-title = Dieser Link passt nicht zu dieser Gruppe
problem-foreign-link-what = Der Schlüssel der Gruppe ist nicht der, den dein Link nennt. Zu deinem Schutz wurde nichts geöffnet.
problem-foreign-link-remedy = Vergleiche den Link mit deiner Einladung: Ein falsches Zeichen genügt. Ist er gleich, bitte die Organisation der Gruppe um einen neuen, und erzähle, was hier stand.
problem-links-changed-title = Die Links dieser Gruppe wurden gewechselt
problem-links-changed-what = Die Organisation hat neue verteilt, darum öffnet dieser ältere Link die Tür nicht mehr. Die Gruppe gibt es weiterhin.
problem-links-changed-remedy = Bitte die Person, von der du diesen Link hast, oder die Leitung um den neuen. Hast du den Link abgetippt, vergleiche ihn zuerst mit deiner Einladung.
problem-no-secure-context-title = Diese Seite wurde nicht sicher geöffnet
problem-no-secure-context-what = Browser geben Kamera, Mikrofon und Schlüssel nur an Seiten, deren Adresse mit https beginnt.
problem-no-secure-context-remedy = Wer diesen Server betreibt, muss ein Zertifikat einrichten (öffentliche Adresse und TLS). Bis dahin geht der Link nur auf dem Server selbst.
problem-browser-cannot-title = Dieser Browser kann Bild und Stimme nicht verschließen
problem-browser-cannot-what = Es geht mit aktuellem Chrome, Edge, Firefox und Safari.
problem-browser-cannot-remedy = Kopiere den Link und öffne ihn dort. Seiten, die in einer anderen App aufgehen, können es oft auch nicht.
problem-no-devices-api-title = Dieser Browser gibt keiner Seite Mikrofon oder Kamera
problem-no-devices-api-what = Seiten, die in einer anderen App aufgehen, können sie oft nicht benutzen.
problem-no-devices-api-remedy = Kopiere den Link und öffne ihn in Chrome, Edge, Firefox oder Safari.
problem-clock-title = Die Uhr deines Geräts geht falsch
problem-clock-what = Sie ist mehr als einen Tag von der Uhr dieses Servers entfernt. Schlüssel gelten nur eine Zeit lang, darum könnten die anderen deinen nicht annehmen.
problem-clock-remedy = Lass dein Gerät Datum und Uhrzeit selbst stellen und versuche es noch einmal. Stimmen sie schon, sage denen Bescheid, die diesen Server betreiben.
problem-certificate-missing-title = Dieser Leitungs-Link ist noch nicht bereit
problem-certificate-missing-what = Auf diesem Server fehlt die Unterschrift der Organisation dafür. Ohne sie können die anderen nicht wissen, dass du leitest.
problem-certificate-missing-remedy = Vergleiche den Link mit dem, den du bekommen hast. Ist er gleich, bitte die Organisation der Gruppe, ihn auf ihrer Seite zu erneuern oder einen neuen zu machen.
problem-certificate-expired-title = Dieser Leitungs-Link ist abgelaufen
problem-certificate-expired-what = Leitungs-Links gelten nur eine Zeit lang, damit ein vergessener nicht für immer offen steht.
problem-certificate-expired-remedy = Bitte die Organisation der Gruppe, ihn zu erneuern. Der Link selbst bleibt gleich; versuche es dann noch einmal.
problem-certificate-revoked-title = Dieser Leitungs-Link wurde zurückgezogen
problem-certificate-revoked-what = Die Organisation der Gruppe hat ihn beendet.
problem-certificate-revoked-remedy = Bitte die Organisation um einen neuen. Mit dem Teilnahme-Link kannst du wie alle um Einlass bitten.
problem-meeting-locked-title = Das Treffen ist gerade geschlossen
problem-meeting-locked-what = Die Leitung lässt im Moment niemand Neues ein. Drinnen ist die Gruppe vielleicht mitten in etwas.
problem-meeting-locked-remedy = Versuche es etwas später noch einmal, oder wende dich an die Gruppe.
problem-meeting-full-title = Das Treffen ist voll
problem-meeting-full-what = Es sind so viele Menschen da, wie dieser Server in einem Treffen fassen kann.
problem-meeting-full-remedy = Wenn jemand geht, ist wieder Platz. Du kannst dich auch an die Gruppe wenden.
problem-waiting-room-full-title = Im Moment warten viele
problem-waiting-room-full-what = Im Warteraum ist gerade kein Platz frei.
problem-waiting-room-full-remedy = Versuche es in ein, zwei Minuten noch einmal.
problem-server-full-title = Dieser Server ist im Moment voll
problem-server-full-what = Andere Gruppen treffen sich hier, und für eine weitere ist kein Platz.
problem-server-full-remedy = Versuche es etwas später noch einmal.
problem-too-busy-title = Einen Moment, bitte
problem-too-busy-what = Aus deinem Netz kommen viele zugleich, und der Server lässt sie nacheinander ein.
problem-too-busy-remedy = Warte eine Minute und versuche es dann noch einmal.
problem-version-title = Diese Seite ist älter geworden als der Server
problem-version-what = Der Server wurde erneuert, während die Seite offen war.
problem-version-remedy = Lade die Seite neu. Fragt sie nach dem Link deiner Einladung, öffne ihn noch einmal.
problem-unreachable-title = Der Server antwortet nicht
problem-unreachable-what = Vielleicht ist dein Netz gerade weg, vielleicht der Server.
problem-unreachable-remedy = Sieh nach, ob andere Seiten aufgehen, und versuche es dann noch einmal.

## Das Treffen

stage = Menschen im Treffen
tiles = Kacheln
toolbar = Bedienung des Treffens
hand-raise = Hand heben
hand-lower = Hand senken
chat = Chat
people = Menschen
more = Mehr
leave = Gehen
chat-unread = { $count ->
    [one] { $count } ungelesene Nachricht
   *[other] { $count } ungelesene Nachrichten
}
people-waiting = { $count ->
    [one] { $count } wartet
   *[other] { $count } warten
}
speaking-elsewhere = { $name } spricht

encryption-checked = Verschlüsselt und geprüft
encryption-unchecked = Verschlüsselt, { $count } ungeprüft
encryption-changing = Schlüssel sind unterwegs
encryption-stopped = Senden ruht: Schlüssel stimmen nicht überein
encryption-chip = { $state }. Verschlüsselung prüfen
locked-short = Geschlossen
locked-what = Das Treffen ist geschlossen. Niemand Neues kann um Einlass bitten.

notices = Hinweise
trouble-keys-disagree = Das Senden ruht: Die anderen benutzen Schlüssel, von denen dieses Gerät nichts erfuhr. Es geht von selbst weiter, wenn sie übereinstimmen. Dauert es eine Minute, lade die Seite neu.
trouble-facilitator-silent = Seit 15 Sekunden nicht zu hören: { $names }. Bis sich das ändert, kommen Entscheidungen von dort vielleicht nicht an.
trouble-no-facilitator = Niemand von der Leitung ist da, darum kann niemand Neues hereinkommen. Das Treffen kann noch eine Weile weitergehen, meist 10 Minuten, dann endet es von selbst.
trouble-no-facilitator-helped = Niemand von der Leitung ist da; einlassen können: { $names }. Das Treffen kann noch eine Weile weitergehen, meist 10 Minuten, dann endet es von selbst.
trouble-rejoining = Dieses Gerät hat die Schlüssel des Treffens verloren und bittet um neue. Stimme und Bild sind in ein paar Sekunden wieder da.
check-started = { $name } hat eine Prüfung der Verschlüsselung begonnen. Sie dauert eine Minute.
check-open = Prüfung öffnen
news-close = Diese Nachricht schließen
incident-commit = Das Gerät von { $name } wollte gegen die Regeln ändern, wer die Schlüssel hat. Es blieb ohne Wirkung.
incident-commit-nobody = Jemand außerhalb des Treffens wollte ändern, wer die Schlüssel hat. Es blieb ohne Wirkung. Geschieht es wieder, sage denen Bescheid, die diesen Server betreiben.
incident-request = Das Gerät von { $name } bat um etwas, worum nur die Leitung bitten darf. Es blieb ohne Wirkung.
incident-request-nobody = Jemand bat um etwas, worum nur die Leitung bitten darf. Es blieb ohne Wirkung.
incident-knock = Jemand bat um Einlass, aber nicht mit dem Link dieses Treffens oder mit einer unechten Anfrage. Damit kann niemand eingelassen werden.
co-facilitator-you = Du leitest jetzt mit. Du kannst einlassen, Mikrofone ausschalten und entfernen; alles steht unter „Menschen“.
co-facilitator-you-not = Du leitest nicht mehr mit. Danke, dass du geholfen hast, den Raum zu halten.
co-facilitator-other = { $name } leitet jetzt mit.
co-facilitator-other-not = { $name } leitet nicht mehr mit.
facilitator-withdrawn = Die Organisation hat deinen Leitungs-Link zurückgezogen. Du kannst bleiben wie alle. Um einen neuen Link bitte die Organisation.
links-changed = Die Organisation hat alle Links gewechselt. Wer hier ist, kann bleiben. Um mit neuen Links einzulassen, beende dieses Treffen und eröffne es mit deinem neuen.

connection-connecting = Verbindung wird aufgebaut…
connection-reconnecting = Deine Verbindung ist unterbrochen. Es wird weiter versucht; dein Mikrofon bleibt, wie du es gelassen hast.
connection-media-connecting = Stimme und Bild werden verbunden…
connection-media-blocked = Dein Netz lässt diese Seite durch, aber nicht Stimme und Bild. Mobile Daten oder ein anderes Netz könnten helfen.
sound-blocked = Der Browser hält den Ton zurück, bis du ihn erlaubst.
sound-on = Ton einschalten
notice-waiting = { $count ->
    [one] Eine Person wartet auf Einlass.
   *[other] { $count } Menschen warten auf Einlass.
}
notice-waiting-show = Zeigen, wer wartet

## Eine Kachel in Worten

tile-you = du
tile-facilitator = Leitung
tile-co-facilitator = Mitleitung
tile-speaking = spricht
tile-muted = Mikrofon aus
tile-camera-off = Kamera aus
tile-hand = Hand gehoben, Nummer { $place }
tile-lost = Verbindung unterbrochen
tile-waiting-key = wartet auf den Schlüssel
tile-key-problem = Schlüssel passt nicht
tile-checked = Verschlüsselung geprüft
tile-unchecked = Verschlüsselung noch ungeprüft
waiting-key = Warten auf den Schlüssel von { $name }
waiting-key-time = Meist ein paar Sekunden
key-problem = Der Schlüssel von { $name } passt nicht
key-problem-remedy = Oft hilft es, die Seite neu zu laden
connection-lost = Verbindung unterbrochen
place-kept = Der Platz bleibt frei

## Menschen

people-close = Menschen schließen
waiting-heading = Es warten { $count }
hands-heading = Hände, der Reihe nach
here-heading = Im Treffen, { $count }
person-you = Du
person-facilitator = Leitung
person-co-facilitator = Mitleitung
person-speaking = Spricht
person-camera-off = Kamera aus
person-lost = Verbindung unterbrochen, der Platz bleibt frei
admit-all = Alle einlassen
admit-name = { $name } einlassen
decline-name = { $name } nicht einlassen
admit = Einlassen
decline = Nicht einlassen
mute-name = Mikrofon von { $name } ausschalten
mute-everyone = Alle Mikrofone aus
remove-name = { $name } entfernen
end-meeting = Treffen für alle beenden
is-muted = Mikrofon von { $name } ist aus
co-facilitator-make = { $name } mitleiten lassen
co-facilitator-withdraw = { $name } nicht mehr mitleiten lassen
encryption-of = Schild von { $name }: { $state }
explain-checked = Verschlüsselt und geprüft: Die acht Emoji wurden verglichen, während { $name } dabei war.
explain-unchecked = Verschlüsselt. Die acht Emoji wurden mit { $name } noch nicht verglichen: „Verschlüsselung prüfen“ unter „Mehr“ tut das.
explain-waiting = Der Schlüssel von { $name } ist unterwegs. Bis er da ist, ist von { $name } nichts zu hören und zu sehen.
explain-problem = Der Schlüssel von { $name } passt nicht, darum ist von { $name } nichts zu hören und zu sehen. Oft hilft es, wenn { $name } die Seite neu lädt.
explain-self = Deine Stimme und dein Bild werden auf diesem Gerät verschlüsselt, bevor sie es verlassen.
hand-lower-of = Hand von { $name } senken
hand-lower-short = Senken
hand-since = { $minutes ->
    [0] Gerade eben gehoben
    [one] Seit { $minutes } Minute gehoben
   *[other] Seit { $minutes } Minuten gehoben
}
knock-waiting = { $minutes ->
    [0] Wartet seit gerade eben
    [one] Wartet seit { $minutes } Minute
   *[other] Wartet seit { $minutes } Minuten
}
knock-away = Verbindung unterbrochen, wartet noch
knock-removed-earlier = Früher aus diesem Treffen entfernt
knock-same-browser = „Früher entfernt“ lässt sich nur beim selben Browser erkennen.
knock-unreadable = Diese Anfrage ist nicht echt, oder sie kam mit einem anderen Link als dem dieses Treffens. Damit kann niemand eingelassen werden.
knock-admitted-by = { $by } hat { $name } eingelassen
knock-declined-by = { $by } hat { $name } diesmal nicht eingelassen
knock-admitted = { $name } wurde eingelassen
knock-declined = { $name } wurde diesmal nicht eingelassen
knock-withdrawn = { $name } wartet nicht mehr

## Fragen

remove-title = { $name } entfernen?
remove-what = { $name } verlässt das Treffen sofort und hört, sieht und liest von da an nichts mehr. Die anderen sehen ohne Grund, dass { $name } nicht mehr da ist.
remove-again = { $name } kann wieder um Einlass bitten. Du siehst dann „Früher entfernt“ neben dem Namen, wenn es derselbe Browser ist.
remove = Entfernen
end-title = Treffen für alle beenden?
end-what = Alle gehen sofort, auch die Wartenden. Was hier geschrieben wurde, ist fort. Die Links der Gruppe bleiben.
end-confirm = Treffen beenden
last-title = Außer dir leitet hier niemand
last-what = { $helpers ->
    [0] Ohne dich kann niemand mehr eingelassen werden, und das Treffen geht noch eine Weile weiter, meist 10 Minuten. Oder es endet jetzt, für alle.
   *[other] Ohne dich kann die Mitleitung einlassen, und das Treffen geht noch eine Weile weiter, meist 10 Minuten. Oder es endet jetzt, für alle.
}
alone-title = Außer dir ist niemand hier
alone-what = Ohne dich schließt sich das Treffen nach zwei Minuten von selbst. Oder es endet jetzt.
last-waiting = { $count ->
    [one] Eine Person wartet. Ohne dich kann niemand sie einlassen.
   *[other] { $count } Menschen warten. Ohne dich kann niemand sie einlassen.
}
back-title = Das Treffen verlassen?
back-stay = Bleiben
back-what = „Zurück“ würde dich aus dem Treffen führen.
delete-title = Diese Gruppe löschen?
delete-what = Alle Links gelten nicht mehr, und ein laufendes Treffen endet. Das lässt sich nicht zurücknehmen.
delete-confirm = Gruppe löschen

## „Verschlüsselung prüfen“

check-encryption = Verschlüsselung prüfen
check-emoji = Emoji
check-how = Jemand liest diese acht vor. Sehen alle dasselbe, können nur die Menschen auf dem Bildschirm diesem Treffen folgen.
check-digits = Dasselbe in Ziffern, fürs Telefon:
check-no-keys = Die Schlüssel sind unterwegs. Die Prüfung beginnt, wenn sie da sind.
check-gathering = Jedes Gerät gibt seinen Teil dazu. Die acht Emoji erscheinen in ein paar Sekunden.
check-revealing = Alle Teile sind da. Die acht Emoji werden zusammengesetzt.
check-not-through = Diese Prüfung kam nicht zustande. Vielleicht kam oder ging jemand, oder ein Gerät antwortete nicht. Bitte prüfe noch einmal; gelingt es nie, sage der Leitung Bescheid.
check-not-through-by = Noch unvollständig: { $names }. Oft ist nur eine Verbindung langsam.
check-again = Noch einmal prüfen
check-took = Diese Prüfung spricht für { $names }. Als geprüft gelten dann genau sie.
check-alone = An dieser Prüfung war sonst niemand beteiligt.
check-silent = Noch ohne Antwort: { $names }. Ohne sie kann diese Prüfung nicht für { $names } sprechen.
check-checked = Geprüft: { $names }. Das gilt auch, wenn Schlüssel wechseln.
check-unchecked = Noch ungeprüft: { $names }.
check-marked = Du hast diese als geprüft vermerkt.
check-outdated = Inzwischen kam oder ging jemand. Prüfe für die, die jetzt da sind, noch einmal.
check-since-founded = Die Schlüssel sind die vom Beginn des Treffens, { $time }.
check-since-entered = Neue Schlüssel seit { $time }, weil du hereinkamst.
check-since-joined = Neue Schlüssel seit { $time }, weil jemand dazukam: { $names }.
check-since-left = Neue Schlüssel seit { $time }, weil jemand nicht mehr hier ist: { $names }.
check-since-back = Neue Schlüssel seit { $time }, weil jemand zurückkam: { $names }.
check-since-renewed = Neue Schlüssel seit { $time }. Alle paar Minuten werden sie erneuert.
check-since-granted = Neue Schlüssel seit { $time }, weil jemand jetzt mitleitet: { $names }.
check-since-withdrawn = Neue Schlüssel seit { $time }, weil jemand nicht mehr mitleitet: { $names }.
check-mark = Als geprüft vermerken
check-differ = Sie stimmen nicht überein
check-differ-title = Wenn sie nicht übereinstimmen
check-differ-what = Vielleicht hat jemand eine ältere Prüfung vorgelesen. Sind sie wieder verschieden, ist vielleicht jemand Unsichtbares zwischen euch.
check-differ-again = Prüft einmal neu. Alle lesen von der neuen Prüfung.
check-differ-leave = Sind sie noch immer verschieden? Sage nichts Persönliches mehr, und geh.
check-differ-tell = Sprich auf einem anderen Weg mit der Leitung: am Telefon oder von Angesicht zu Angesicht.
check-differ-links = Die Organisation kann alle Links wechseln und die neuen auf anderem Weg verteilen.
check-back = Zurück zu den Emoji

## Chat

chat-close = Chat schließen
chat-note = Nur wer jetzt hier ist, kann das lesen. Es verschwindet mit dem Treffen, und wer später kommt, sieht es nicht.
chat-log = Nachrichten
chat-empty = Noch nichts geschrieben.
chat-message = Nachricht
chat-placeholder = Schreibe allen hier
chat-send = Senden
chat-sending = Wird gesendet…
chat-not-sent = Vielleicht nicht gesendet
chat-resend = Noch einmal senden
chat-newer = Neuere Nachrichten

## Mehr

more-close = Mehr schließen
more-encryption = Verschlüsselung
check-note = Alle vergleichen acht Emoji. So wisst ihr, dass sonst niemand zuhört.
more-door = Tür
lock-meeting = Treffen schließen
unlock-meeting = Treffen öffnen
locked-note = Das Treffen ist geschlossen: Niemand Neues kann um Einlass bitten. Wer die Verbindung verliert, kann trotzdem zurück.
unlocked-note = Solange es geschlossen ist, kann niemand Neues um Einlass bitten. Wer die Verbindung verliert, kann trotzdem zurück.
more-devices = Geräte
more-picture = Dein eigenes Bild
hide-self = Mein eigenes Bild ausblenden
hide-self-note = Nur vor dir selbst. Die anderen sehen dich wie zuvor.
more-appearance = Aussehen
theme-auto = Wie mein Gerät
theme-dark = Dunkel
theme-light = Hell
theme-contrast = Hoher Kontrast
more-keyboard = Tastatur
single-keys = Einzelne Tasten
single-keys-note = M, V, H, C und P gehen ohne Strg oder Alt.
hold-to-talk = Zum Sprechen Leertaste halten
hold-to-talk-note = Dein Mikrofon ist offen, solange die Leertaste gedrückt ist.
shortcuts-open = Alle Tastenkürzel
more-sounds = Töne
knock-sound = Ton, wenn jemand wartet
knock-sound-note = Leise und tief, nach 30 Sekunden noch einmal.
more-announcements = Was ein Vorleseprogramm vom Chat sagt
more-announcements-note = Für Menschen, die diese Seite hören.
chat-say-all = Name und Nachricht
chat-say-sender = Nur den Namen
chat-say-none = Nichts

shortcuts-title = Tastenkürzel
shortcuts-arrows = In der Bedienung des Treffens führen Pfeiltasten, Pos1 und Ende von Knopf zu Knopf. Auf dem Mac gilt Cmd wie Strg.
shortcuts-single-off = Einzelne Tasten und das Halten der Leertaste sind aus. Du kannst sie unter „Mehr“ einschalten.
shortcuts-hold = Zum Sprechen die Leertaste halten.
keys-microphone = Mikrofon an oder aus
keys-camera = Kamera an oder aus
keys-hand = Hand heben oder senken
keys-chat = Chat
keys-people = Menschen
keys-list = Diese Liste
keys-toolbar = Zur Bedienung des Treffens
keys-close = Fenster oder Frage schließen

## Geteilte Bildschirme, angeheftete Kacheln und die Verbindung

more-screen = Dein Bildschirm
share-screen = Bildschirm teilen
stop-sharing = Teilen beenden
share-screen-note = Du wählst, was gezeigt wird. Alle hier können es sehen, verschlüsselt wie alles andere.
sharing-screen = Du teilst deinen Bildschirm.
sharing-screen-note = Alle hier können ihn sehen. Nachrichten, die dort aufgehen, sieht man auch.
share-busy = { $name } teilt gerade einen Bildschirm. Es geht einer nach dem anderen; danach ist Platz für deinen.
share-refused = Es wird nichts geteilt. Kam keine Frage, was gezeigt werden soll, lässt der Browser oder dieses Gerät es nicht zu. Die Einstellungen zum Datenschutz können das ändern.
share-unsupported = Dieser Browser kann keinen Bildschirm teilen. Am Computer geht es in aktuellen Browsern.
screen-of = Bildschirm von { $name }
screen-coming = Dieser Bildschirm ist unterwegs
screen-audio-only = Nicht gezeigt, weil „Nur Ton“ an ist
pin = { $name } anheften
unpin = { $name } lösen
pin-screen = Bildschirm von { $name } anheften
unpin-screen = Bildschirm von { $name } lösen
full-screen = Vollbild: { $name }
full-screen-back = Zurück aus dem Vollbild
front = Im Vordergrund
picture-paused = Bild pausiert
picture-paused-why = damit die Stimmen klar bleiben
tile-picture-paused = Bild pausiert
person-weak = Schwache Verbindung
weak-sign = Die Verbindung von { $name } ist schwach
explain-fair = Die Verbindung von { $name } hat gerade kleine Lücken. Du brauchst nichts zu tun.
explain-poor = Von { $name } kommt gerade wenig durch. Es liegt an der Verbindung von { $name }. Etwas mehr Zeit für Antworten hilft.
own-weak-sign = Deine Verbindung ist schwach
own-fair = Deine Verbindung hat gerade kleine Lücken. Die anderen hören oder sehen dich vielleicht mit kurzen Aussetzern.
own-poor = Deine Verbindung ist gerade schwach. Die anderen hören oder sehen dich vielleicht mit Unterbrechungen.
own-weak = Deine Verbindung ist gerade schwach.
own-weak-pictures = Deine Verbindung ist gerade schwach. Einige Bilder pausieren, damit die Stimmen klar bleiben.
own-weak-voices = Deine Verbindung ist sehr schwach. Der Ton von Menschen, die still sind, pausiert abwechselnd; erste Worte können fehlen.
more-network = Verbindung
data-saver = Daten sparen
data-saver-note = Kleinere Bilder, von dir und zu dir. Auf diesem Gerät kommen höchstens etwa 180 MB in der Stunde an. Die Stimmen bleiben, wie sie sind.
audio-only = Nur Ton
audio-only-note = Du siehst keine Bilder, und deine Kamera geht aus. Der Ton bleibt, wie er ist.
relay-only = Nur über Relay
relay-only-note = Stimme und Bild nehmen einen Umweg, für Netze, die sonst nichts durchlassen. Er verbirgt dich nicht: Wer den Server beherbergt, sieht immer eine Internet-Adresse.
relay-only-missing = Dieser Server hat kein Relay. Es würde in Netzen helfen, die sonst nichts durchlassen.
quality = Verbindungsqualität
quality-close = Verbindungsqualität schließen
quality-note = Wie Stimmen und Bilder durchkommen, und an wessen Verbindung es liegt, wenn nicht.
quality-looking = Es wird nachgesehen, wie Stimmen und Bilder durchkommen. Das dauert ein paar Sekunden.
quality-own = Deine Verbindung
quality-up = { $quality ->
    [good] Von dir: Alles kommt durch.
    [fair] Von dir: Das meiste kommt durch, mit kleinen Lücken.
    [poor] Von dir: Es kommt gerade wenig durch.
   *[none] Von dir: Es wird nichts gesendet.
}
quality-down = { $quality ->
    [good] Zu dir: Alles kommt durch.
    [fair] Zu dir: Das meiste kommt durch, mit kleinen Lücken.
    [poor] Zu dir: Es kommt gerade wenig durch.
   *[none] Zu dir: Es wird nichts gesendet.
}
quality-others = Was von den anderen ankommt
quality-person = { $name }: { $sound }, { $picture }
quality-sound = { $quality ->
    [good] Stimme klar
    [fair] Stimme mit kleinen Lücken
    [poor] Stimme oft unterbrochen
   *[none] Stimme gerade nicht gesendet
}
quality-picture = { $quality ->
    [good] Bild flüssig
    [fair] Bild stockt ab und zu
    [poor] Bild steht oft still
    [held] Bild pausiert
    [not-shown] Bild gerade nicht zu sehen
    [off] Kamera aus
   *[none] kein Bild
}
quality-theirs = Es liegt an der Verbindung von { $name }.
quality-ours = Es liegt an deiner Verbindung.
quality-unknown = Es ist nicht klar, an wessen Verbindung es liegt.
quality-fine = Alles gut. Du brauchst nichts zu tun.
quality-help = Was helfen kann
quality-help-nearer = Geh näher an den WLAN-Router, oder nimm ein Kabel.
quality-help-others = Halte Downloads und Filme im selben Netz an.
quality-help-network = Versuche ein anderes Netz. Mobile Daten sind oft besser als ein volles WLAN.
quality-help-camera = Schalte deine Kamera eine Weile aus. Dann bleibt mehr Platz für deine Stimme.
quality-help-theirs = Deine eigene Verbindung ist gut, du brauchst nichts zu tun. Wer die schwache hat, sieht, was helfen kann.
quality-details = Einzelheiten
figure-sent = Gesendet
figure-received = Empfangen
figure-rate = { $rate } kbit/s, { $lost } % verloren
figure-round-trip = Hin und zurück
figure-ms = { $ms } ms
figure-path = Weg zum Server
path-udp = direkt (UDP)
path-tcp = direkt (TCP)
path-relay = über ein Relay
figure-picture = Bild von { $name }
figure-lines = { $lines } Zeilen
say-screen-busy = Jemand anders hat einen Augenblick vor dir zu teilen begonnen. Es geht einer nach dem anderen; danach ist Platz für deinen.
say-screen-shared = { $name } teilt einen Bildschirm.
say-screen-stopped = { $name } teilt keinen Bildschirm mehr.
say-own-screen-stopped = Dein Bildschirm wird nicht mehr geteilt.
say-pictures-held = Deine Verbindung ist gerade schwach. Einige Bilder pausieren, die Stimmen bleiben.
say-pictures-back = Alle Bilder sind wieder da.
say-voices-paused = Deine Verbindung ist gerade sehr schwach. Der Ton von Menschen, die still sind, pausiert abwechselnd, damit klar bleibt, wer spricht. Erste Worte können fehlen.
say-voices-back = Alle Stimmen sind wieder da.

## Nach dem Treffen

left-title = Du hast das Treffen verlassen
left-what = Nimm dir einen Moment, bevor es weitergeht. Ein Glas Wasser, ein Fenster, ein paar langsame Schritte.
removed-title = Du bist nicht mehr in diesem Treffen
removed-what = Deine Teilnahme endete für jetzt: Die Leitung hat es so entschieden oder deine Verbindung für verloren gehalten. Du kannst wieder um Einlass bitten.
ended-title = Das Treffen ist zu Ende
ended-what = Die Leitung hat es für alle beendet. Nimm dir einen Moment, bevor es weitergeht.
cut-off-what = Dieser Server sagt, du seist entfernt worden, aber niemand von der Leitung hat das unterschrieben.
cut-off-remedy = Du kannst wieder um Einlass bitten. Geschieht es noch einmal, frage die Leitung auf einem anderen Weg.
faulty-title = Deine Teilnahme ist beendet
faulty-what = Der Server sagt, die anderen konnten nicht annehmen, was dieser Browser mit den Schlüsseln tat.
faulty-remedy = Lade die Seite neu, bevor du wieder dazukommst. Geschieht es noch einmal, hilft vielleicht ein anderer Browser.
ended-unsigned-title = Das Treffen ist hier zu Ende
ended-unsigned-what = Dieser Server sagt, das Treffen sei zu Ende, aber niemand von der Leitung hat das unterschrieben. Vielleicht sind die anderen noch beisammen.
ended-unsigned-remedy = Du kannst wieder um Einlass bitten. Antwortet niemand, frage die Leitung auf einem anderen Weg.
no-facilitator-what = Eine Weile war niemand von der Leitung da, darum hat es sich von selbst geschlossen.
no-facilitator-remedy = Wenn die Leitung es wieder öffnet, kannst du um Einlass bitten.
empty-what = Es war niemand mehr da, darum hat es sich von selbst geschlossen.
deleted-title = Diese Gruppe gibt es nicht mehr
deleted-what = Dieser Server sagt, ihre Organisation habe sie gelöscht. Das Treffen endete damit.
taken-over-title = In einem anderen Tab offen
taken-over-what = Dort bist du im Treffen. Dieser Tab hat es losgelassen.
expired-title = Du warst eine Weile fort
expired-what = Dein Platz wird nicht länger freigehalten. Du kannst wieder um Einlass bitten.
left-devices = Kamera und Mikrofon sind aus.
left-nothing-kept = Schlüssel, Chat und die Namen der anderen sind von diesem Gerät verschwunden.
left-history = Dein Browser nennt diese Seite vielleicht noch im Verlauf. Schließe an einem gemeinsamen Computer das Fenster.
rejoin = Wieder dazukommen
left-rejoin-note = Nach „Wieder dazukommen“ lässt dich die Leitung ein.

## Die Seite der Organisation

organiser-page = Seite der Organisation
organiser-keep = Wer den Link dieser Seite hat, kann alles hier tun. Behalte ihn für dich.
organiser-running = Gerade läuft ein Treffen
organiser-participants = Für Teilnehmende
organiser-participants-what = Der Link öffnet den Warteraum. Die Leitung entscheidet, wer hereinkommt.
organiser-facilitators = Für die Leitung
organiser-facilitators-what = So ein Link eröffnet das Treffen und lässt andere ein. Je einer für alle, die die Gruppe halten, damit sich jeder einzeln zurückziehen lässt.
facilitator-link = Leitungs-Link { $number }
copy-facilitator-link-number = Leitungs-Link { $number } kopieren
renew = Erneuern
renew-number = Leitungs-Link { $number } erneuern
renewed = Erneuert. Der Link bleibt gleich.
revoke = Zurückziehen
link-good = Gilt bis { $date }
link-expires-soon = Läuft am { $date } ab
link-expired = Am { $date } abgelaufen
link-revoked = Zurückgezogen
add-facilitator = Leitung hinzufügen
added-facilitator = Ein neuer Link steht in der Liste. Gib ihn einer Person.
organiser-refused = Der Server hat das gerade nicht angenommen. Bitte versuche es noch einmal.
revoke-title = Leitungs-Link { $number } zurückziehen?
revoke-what = Wer diesen Link hat, kann kein Treffen mehr eröffnen und niemanden einlassen. Das lässt sich nicht zurücknehmen, aber du kannst einen neuen machen.
revoke-last = Er ist der einzige, der gilt. Bis du einen neuen machst, kann niemand ein Treffen eröffnen.
revoke-until = Ein Server, der dies vor allen verbirgt, könnte den Link bis { $date } am Leben halten. Um auch davor sicher zu sein, wechsle alle Links.
change-links = Alle Links wechseln
change-links-what = Falls ein Link in falsche Hände kam. Kein bisheriger Link gilt mehr, und du verteilst neue.
change-title = Alle Links wechseln?
change-what = Kein bisheriger Link gilt mehr, weder für Teilnehmende noch für die Leitung. Du verteilst neue, am besten auf anderem Weg als bisher.
change-running = Gerade läuft ein Treffen. Wer darin die Verbindung verliert, braucht vielleicht den neuen Link, um zurückzukommen.
change-own = Auch der Link dieser Seite wird neu. Du kopierst ihn gleich danach.
group-name = Name der Gruppe
group-name-hint = Nur die neuesten Links können ihn öffnen. Schreibe ihn hierher, damit die neuen es auch können.
changed-title = Die Links sind neu, auch deiner
changed-what = Der Link, mit dem du diese Seite geöffnet hast, gilt nicht mehr. Kopiere jetzt den neuen und behalte ihn; verteile dann die anderen von hier.
copy-organiser-link = Deinen neuen Organisations-Link kopieren
outdated-title = Der Link dieser Seite ist ein älterer
outdated-what = Seitdem wurden alle Links gewechselt, auch der dieser Seite. Öffne den neuesten Organisations-Link. Findest du ihn nicht, wechsle unten alle Links noch einmal.
organiser-delete = Diese Gruppe löschen
organiser-delete-what = Alle Links gelten dann nicht mehr, und ein laufendes Treffen endet. Sonst gibt es nichts zu löschen: Treffen hinterlassen nichts.
organiser-deleted-title = Die Gruppe ist gelöscht
organiser-deleted-what = Ihre Links gelten nicht mehr. Von ihren Treffen wurde nichts aufbewahrt.

## Die Emoji der Prüfung: je ein Alltagswort, auch bei schlechter Verbindung zu unterscheiden

emoji-dog = Hund
emoji-cat = Katze
emoji-horse = Pferd
emoji-elephant = Elefant
emoji-rabbit = Kaninchen
emoji-panda = Panda
emoji-tiger = Tiger
emoji-koala = Koala
emoji-turtle = Schildkröte
emoji-dolphin = Delfin
emoji-octopus = Krake
emoji-butterfly = Schmetterling
emoji-ladybird = Marienkäfer
emoji-snail = Schnecke
emoji-owl = Eule
emoji-penguin = Pinguin
emoji-giraffe = Giraffe
emoji-zebra = Zebra
emoji-hedgehog = Igel
emoji-fish = Fisch
emoji-cactus = Kaktus
emoji-sunflower = Sonnenblume
emoji-tulip = Tulpe
emoji-palm = Palme
emoji-leaf = Ahornblatt
emoji-chestnut = Kastanie
emoji-apple = Apfel
emoji-banana = Banane
emoji-grapes = Trauben
emoji-strawberry = Erdbeere
emoji-lemon = Zitrone
emoji-carrot = Möhre
emoji-cherries = Kirschen
emoji-broccoli = Brokkoli
emoji-moon = Mond
emoji-star = Stern
emoji-sun = Sonne
emoji-cloud = Wolke
emoji-snowflake = Schneeflocke
emoji-rainbow = Regenbogen
emoji-umbrella = Schirm
emoji-bicycle = Fahrrad
emoji-train = Zug
emoji-canoe = Kanu
emoji-aeroplane = Flugzeug
emoji-balloon = Luftballon
emoji-anchor = Anker
emoji-castle = Burg
emoji-key = Schlüssel
emoji-bell = Glocke
emoji-paperclip = Büroklammer
emoji-pencil = Bleistift
emoji-glasses = Brille
emoji-guitar = Gitarre
emoji-drum = Trommel
emoji-trumpet = Trompete
emoji-piano = Klavier
emoji-puzzle = Puzzle
emoji-gift = Geschenk
emoji-basket = Korb
emoji-camera = Kamera
emoji-telephone = Telefon
emoji-globe = Erdkugel
emoji-lamp = Glühbirne

## Nur für Vorleseprogramme

say-joined-one = { $name } ist dazugekommen.
say-joined-two = { $first } und { $second } sind dazugekommen.
say-joined-many = { $first }, { $second } und { $more } weitere sind dazugekommen.
say-left-one = { $name } hat das Treffen verlassen.
say-left-two = { $first } und { $second } haben das Treffen verlassen.
say-left-many = { $first }, { $second } und { $more } weitere haben das Treffen verlassen.
say-knock-one = { $name } wartet auf Einlass.
say-knock-two = { $first } und { $second } warten auf Einlass.
say-knock-many = { $first }, { $second } und { $more } weitere warten auf Einlass.
say-knock-admitted = { $by } hat { $name } eingelassen.
say-knock-declined = { $by } hat { $name } diesmal nicht eingelassen.
say-hand-raised = { $place ->
    [1] { $name } hat als Erstes die Hand gehoben.
   *[other] { $name } hat die Hand gehoben, Nummer { $place }.
}
say-hand-lowered = { $name } hat die Hand gesenkt.
say-chat = { $name }: { $text }
say-chat-sender = { $name } hat im Chat geschrieben.
say-chat-many = { $count ->
    [one] { $count } neue Nachricht im Chat.
   *[other] { $count } neue Nachrichten im Chat.
}
say-admitted = Du bist im Treffen.
say-muted-by = Die Leitung hat dein Mikrofon ausgeschaltet. Du kannst es jederzeit wieder einschalten.
say-muted-everyone = Die Leitung hat alle Mikrofone ausgeschaltet. Du kannst deines jederzeit wieder einschalten.
say-mic-on = Dein Mikrofon ist an.
say-mic-off = Dein Mikrofon ist aus. Niemand hört dich.
say-camera-on = Deine Kamera ist an.
say-camera-off = Deine Kamera ist aus.
say-connection-lost = { $microphone ->
    [on] Deine Verbindung ist unterbrochen. Es wird weiter versucht; dein Mikrofon bleibt an.
   *[off] Deine Verbindung ist unterbrochen. Es wird weiter versucht; dein Mikrofon bleibt aus.
}
say-connection-back = { $microphone ->
    [on] Du bist wieder da. Dein Mikrofon ist an, wie zuvor.
   *[off] Du bist wieder da. Dein Mikrofon ist aus, wie zuvor.
}
say-sound-blocked = Der Browser hält den Ton zurück. Drücke „Ton einschalten“.
say-copied = Kopiert.
say-locked = Das Treffen ist geschlossen. Niemand Neues kann um Einlass bitten.
say-unlocked = Das Treffen ist wieder offen für Menschen, die um Einlass bitten.
say-check-done = Die acht Emoji sind da. Jemand liest sie vor.
say-newcomer-unchecked = { $name } ist neu hier und noch ungeprüft.
say-keys-agree = Die Schlüssel stimmen wieder überein. Deine Stimme und dein Bild werden wieder gesendet.
say-facilitator-heard = Von der ganzen Leitung ist wieder zu hören.
say-facilitator-here = Jemand von der Leitung ist wieder da.
say-rejoined = Dein Gerät hat die Schlüssel des Treffens wieder.
say-messages-missed = Deine Verbindung war fort. Was inzwischen geschrieben wurde, ließ sich nicht nachholen.
say-renamed = Jemand hier heißt ähnlich, darum erscheinst du als „{ $name }“.
say-request-refused = Das ging gerade nicht. Bitte versuche es noch einmal.
say-request-full = Das Treffen ist voll. Wenn jemand geht, ist wieder Platz.
say-request-offline = Das geschah nicht, weil deine Verbindung unterbrochen ist. Bitte versuche es noch einmal, wenn sie wieder da ist.
