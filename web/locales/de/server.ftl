# Was der Server in die Seiten schreibt. Alles Übrige steht in client.ftl.

error-not-found-title = Diese Seite ist nicht hier
error-not-found-text = Vielleicht ist die Adresse unvollständig. Öffne den Link aus deiner Einladung noch einmal; hilft das nicht, frage die Person, von der du ihn hast.
error-method-title = Diese Adresse ist anders gedacht
error-method-text = Öffne den Link aus deiner Einladung noch einmal.
error-too-large-title = Das war mehr, als hineinpasst
error-too-large-text = Gehe zurück und versuche es mit weniger.
error-internal-title = Bei uns ist etwas schiefgegangen
error-internal-text = Von dir ging nichts verloren. Warte einen Moment und öffne die Seite noch einmal; geschieht es wieder, sage es denen, die diesen Server betreiben.
error-unavailable-title = Der Server startet oder endet gerade
error-unavailable-text = Warte ein paar Sekunden und öffne die Seite noch einmal.
error-request-title = Der Server konnte das nicht lesen
error-request-text = Öffne den Link aus deiner Einladung noch einmal.
error-told-secret-title = Dieser Link hat uns sein Geheimnis verraten
error-told-secret-text = Unterwegs wurde sein # zu %23. So hat dein Browser uns den geheimen Teil geschickt, den kein Server sehen soll. Hearthside hat ihn nicht aufgeschrieben. Bitte verwende diesen Link nicht mehr: Bitte die Person, von der du ihn hast, um einen neuen, und sag ihr, warum. Wer die Gruppe angelegt hat, kann alle Links wechseln.

skip-main = Zum Hauptinhalt springen

opening = Die Tür geht auf…
no-script = Bild, Stimme und Chat werden in deinem Browser verschlossen und geöffnet. Dafür braucht diese Seite JavaScript. Bitte erlaube es hier, oder öffne den Link in einem anderen Browser.
unreachable-title = Der Server antwortet nicht
unreachable-text = Vielleicht ist dein Netz gerade weg, vielleicht der Server. Sieh nach, ob andere Seiten aufgehen, und lade diese dann neu.
reload = Seite neu laden

landing-title = Ein ruhiger Ort zum Zusammensein
landing-lead = Videotreffen für Selbsthilfegruppen. Kein Konto, keine App, und niemand hört mit, auch dieser Server nicht.
landing-invited-title = Bist du eingeladen?
landing-invited-text = Öffne den Link aus deiner Einladung. Er bringt dich direkt zu deiner Gruppe.
landing-invited-note = Der geheime Teil des Links verlässt deinen Browser nie. Tut sich beim Drücken nichts, kopiere den ganzen Link in die Adresse.
landing-seen-title = Nur die Menschen, die du siehst
landing-seen-text = Wer einem Treffen folgen kann, hat auf jedem Bildschirm eine Kachel. Stille Beobachter gibt es nicht.
landing-sealed-title = Verschlossen von Ende zu Ende
landing-sealed-text = Bild, Stimme, Namen und Chat werden in deinem Browser verschlossen und nur in den anderen geöffnet.
landing-kept-title = Nichts wird aufbewahrt
landing-kept-text = Keine Aufnahmen, keine Anwesenheit, kein Chatverlauf. Wenn ein Treffen endet, ist es zu Ende.
