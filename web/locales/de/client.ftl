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
and-then = { $said }, { $word }

copy-link = Link kopieren
copy-participant-link = Teilnahme-Link kopieren
copy-facilitator-link = Leitungs-Link kopieren
copied = Kopiert
copy-refused = Der Browser hat das Kopieren nicht erlaubt. Drücke noch einmal oder erlaube dieser Seite die Zwischenablage.

## Vor dem Treffen

before-promise = Nur Menschen, die von der Leitung eingelassen wurden, können dich sehen, hören oder lesen. Dieser Server kann es nicht. Kameras sind willkommen und werden nie erwartet.
agreement = Vereinbarung der Gruppe
agree-stays = Was hier gesagt wird, bleibt hier. Ich nehme nichts auf und mache keine Kopien oder Bildschirmfotos.
agree-listen = Ich spreche für mich und lasse andere ausreden.
agree-alone = Ich bin dort, wo niemand mithören kann, oder benutze Kopfhörer.
agree-free = Ich darf schweigen, die Kamera ausschalten oder jederzeit gehen.
agree-crisis = Diese Gruppe ist kein Notdienst. Ich weiß, an wen ich mich in einer Krise wende.
agree-missing = Bitte auch hier ein Häkchen setzen
your-name = Dein Name
suggest-name = Namen vorschlagen
name-hint = Irgendein Name, der dir gefällt. Er wird vergessen, wenn du gehst.
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
problem-no-secret-what = Der geheime Teil des Links ist nicht mehr hier. Er bleibt nie lange in der Adresse.
problem-no-secret-remedy = Suche die Nachricht mit deiner Einladung und drücke noch einmal auf den Link.
problem-damaged-link-title = Ein Teil dieses Links fehlt
problem-damaged-link-what = Manche Programme schneiden lange Links am Ende der Zeile ab.
problem-damaged-link-remedy = Kopiere den ganzen Link aus deiner Einladung in die Adresse. Hilft das nicht, bitte um einen neuen.
problem-unknown-group-title = Hinter diesem Link ist keine Gruppe
problem-unknown-group-what = Vielleicht wurde die Gruppe gelöscht, oder der Link gehört zu einem anderen Server.
problem-unknown-group-remedy = Frage die Person, von der du den Link hast, ob es einen neuen gibt.
problem-foreign-link-title = Dieser Link passt nicht zu dieser Gruppe
problem-foreign-link-what = Der Schlüssel der Gruppe ist nicht der, den dein Link nennt. Zu deinem Schutz wurde nichts geöffnet.
problem-foreign-link-remedy = Bitte die Organisation der Gruppe um einen neuen Link, und erzähle, was hier stand.
problem-no-secure-context-title = Diese Seite wurde nicht sicher geöffnet
problem-no-secure-context-what = Browser geben Kamera, Mikrofon und Schlüssel nur an Seiten, deren Adresse mit https beginnt.
problem-no-secure-context-remedy = Wer diesen Server betreibt, muss ein Zertifikat einrichten (öffentliche Adresse und TLS). Bis dahin geht der Link nur auf dem Server selbst.
problem-browser-cannot-title = Dieser Browser kann Bild und Stimme nicht verschließen
problem-browser-cannot-what = Es geht mit aktuellem Chrome, Edge, Firefox und Safari.
problem-browser-cannot-remedy = Kopiere den Link und öffne ihn dort. Seiten, die in einer anderen App aufgehen, können es oft auch nicht.
problem-no-devices-api-title = Dieser Browser gibt keiner Seite Mikrofon oder Kamera
problem-no-devices-api-what = Seiten, die in einer anderen App aufgehen, können sie oft nicht benutzen.
problem-no-devices-api-remedy = Kopiere den Link und öffne ihn in Chrome, Edge, Firefox oder Safari.
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
tile-speaking = spricht
tile-muted = Mikrofon aus
tile-camera-off = Kamera aus
tile-hand = Hand gehoben, Nummer { $place }
tile-lost = Verbindung unterbrochen
tile-waiting-key = wartet auf den Schlüssel
tile-key-problem = Schlüssel passt nicht
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
knock-unreadable = Dieser Name ist nicht lesbar: Der Link war nicht vollständig.
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
last-what = Das Treffen kann ohne dich weitergehen, aber niemand kann mehr eingelassen werden. Oder es endet jetzt, für alle.
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

## Chat

chat-close = Chat schließen
chat-note = Nur wer jetzt hier ist, kann das lesen. Es verschwindet mit dem Treffen, und wer später kommt, sieht es nicht.
chat-log = Nachrichten
chat-empty = Noch nichts geschrieben.
chat-message = Nachricht
chat-placeholder = Schreibe allen hier
chat-send = Senden
chat-sending = Wird gesendet…
chat-not-sent = Noch nicht gesendet
chat-resend = Noch einmal senden
chat-newer = Neuere Nachrichten

## Mehr

more-close = Mehr schließen
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

## Nach dem Treffen

left-title = Du hast das Treffen verlassen
left-what = Nimm dir einen Moment, bevor es weitergeht. Ein Glas Wasser, ein Fenster, ein paar langsame Schritte.
removed-title = Du bist nicht mehr in diesem Treffen
removed-what = Die Leitung hat deine Teilnahme für jetzt beendet; von dir bleibt nichts zurück.
ended-title = Das Treffen ist zu Ende
ended-what = Die Leitung hat es für alle beendet. Nimm dir einen Moment, bevor es weitergeht.
empty-what = Es war niemand mehr da, darum hat es sich von selbst geschlossen.
deleted-title = Diese Gruppe gibt es nicht mehr
deleted-what = Ihre Organisation hat sie gelöscht, und das Treffen endete damit.
taken-over-title = In einem anderen Tab offen
taken-over-what = Dort bist du im Treffen. Dieser Tab hat es losgelassen.
expired-title = Du warst eine Weile fort
expired-what = Dein Platz wurde zwei Minuten freigehalten. Du kannst wieder um Einlass bitten.
left-devices = Kamera und Mikrofon sind aus.
left-nothing-kept = Schlüssel, Namen und Chat sind von diesem Gerät verschwunden.
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
organiser-facilitators-what = Der Link eröffnet das Treffen und lässt andere ein. Gib ihn nur denen, die die Gruppe halten.
organiser-delete = Diese Gruppe löschen
organiser-delete-what = Alle Links gelten dann nicht mehr, und ein laufendes Treffen endet. Sonst gibt es nichts zu löschen: Treffen hinterlassen nichts.
organiser-deleted-title = Die Gruppe ist gelöscht
organiser-deleted-what = Ihre Links gelten nicht mehr. Von ihren Treffen wurde nichts aufbewahrt.

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
say-messages-missed = Du bist wieder da. Was inzwischen geschrieben wurde, ließ sich nicht nachholen.
say-renamed = Jemand hier heißt ähnlich, darum erscheinst du als „{ $name }“.
say-request-refused = Das ging gerade nicht. Bitte versuche es noch einmal.
