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
