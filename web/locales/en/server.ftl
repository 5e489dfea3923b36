# What the server writes into pages. The in-call texts are in client.ftl.

# Error pages. Each says what happened and what to do, and never whose fault it is.
error-not-found-title = This page is not here
error-not-found-text = The address may be incomplete. Open the link from your invitation again; if it does not help, ask whoever sent it to you.
error-method-title = This address works differently
error-method-text = Open the link from your invitation again.
error-too-large-title = That was more than fits
error-too-large-text = Go back and try again with less.
error-internal-title = Something went wrong on our side
error-internal-text = Nothing about you was lost. Wait a moment and open the page again; if it happens again, tell whoever runs this server.
error-unavailable-title = The server is just starting or stopping
error-unavailable-text = Wait a few seconds and open the page again.
error-request-title = The server could not read that
error-request-text = Open the link from your invitation again.
error-told-secret-title = This link told us its secret
error-told-secret-text = On its way to you its # was written as %23, so your browser sent us the secret part, which no server should see. Hearthside did not write it down. Please do not use this link again: ask the person who sent it for a new one, and tell them why. Whoever made the group can change all links.

# Every page.
skip-main = Skip to the main content

# A group's page, until the client has started.
opening = Opening the door…
no-script = Picture, voice and chat are locked and opened inside your browser. For that this page needs JavaScript. Please allow it here, or open the link in another browser.
unreachable-title = The server does not answer
unreachable-text = Your network may be away for a moment, or the server may be. Look whether other pages open, then load this one again.
reload = Load the page again

# The landing page.
landing-title = A quiet place to sit together
landing-lead = Video meetings for peer-support groups. No account, no app, and nobody listening in, this server included.
landing-invited-title = Have you been invited?
landing-invited-text = Open the link from your invitation. It brings you straight to your group.
landing-invited-note = The link's secret part never leaves your browser. If pressing it does nothing, copy the whole link into the address.
landing-seen-title = Only the people you see
landing-seen-text = Whoever can follow a meeting has a tile on everybody's screen. There are no silent observers.
landing-sealed-title = Sealed from end to end
landing-sealed-text = Picture, voice, names and chat are locked in your browser and opened only in theirs.
landing-kept-title = Nothing is kept
landing-kept-text = No recordings, no attendance, no chat history. When a meeting ends, it has ended.
