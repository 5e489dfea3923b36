### Everything the browser client says, in English.
###
### Say what is, then what can be done. Nobody is to blame, neither person nor browser. Names, not pronouns.
### "picture" and "voice" in explanations, "camera" and "microphone" on controls. Sentences under 20 words, sentence case,
### no full stop on buttons. Messages marked "name of a control" are what assistive technology and tests look for.

## Everywhere

brand = Hearthside
skip-main = Skip to the main content
skip-people = Skip to the people
opening = Opening the door…
untitled = Meeting
encrypted = End-to-end encrypted
cancel = Cancel
close = Close
try-again = Try again
reload = Load the page again
you = You
somebody = Somebody
somebody-new = Somebody new
# Joins what is said about a person: "Marta, facilitator, speaking".
and-then = { $said }, { $word }

copy-link = Copy link
copy-participant-link = Copy participant link
copy-facilitator-link = Copy facilitator link
copied = Copied
copy-refused = The browser did not allow copying. Press again, or allow the clipboard for this page.

## Before joining

before-promise = Only people whom a facilitator lets in can see, hear or read you. This server cannot. Cameras are welcome here and never expected.
# Name of a group.
agreement = Group agreement
agree-stays = What is said here stays here. I do not record, copy or screenshot.
agree-listen = I speak for myself and let others finish.
agree-alone = I am somewhere where nobody can listen in, or I use headphones.
agree-free = I may be silent, turn my camera off or leave at any time.
agree-crisis = This group is not an emergency service. I know where to turn in a crisis.
agree-missing = Please tick this too
# Name of a field.
your-name = Your name
suggest-name = Suggest a name
name-hint = Any name you like. It is forgotten when you leave.
name-empty = Please choose a name. Any name will do.
name-too-long = This name is a little long. Up to 40 letters fit.
name-reserved = This word means the whole group here. Please choose another name.
name-characters = This name holds signs that others could not see. Please type it anew.
# Two lists, separated by commas: a name is one word of each, in this order.
name-words-first = Quiet, Evening, Slow, Early, Soft, Distant, Patient, Silver, Mossy, Northern, Gentle, Winter
name-words-second = Heron, Wren, River, Birch, Fern, Harbour, Willow, Meadow, Robin, Pebble, Cedar, Lantern
devices-heading = How you will look and sound
devices-later = Microphone and camera open when you have ticked the whole agreement.
preview-on = Your preview, camera on
preview-off = Your preview, camera off
# Name of a button.
ask-to-join = Ask to join
# Name of a button, for facilitators.
join-meeting = Join meeting
# Name of a button.
without-devices = Continue without camera or microphone
before-participant = A facilitator sees your name and lets you in.
before-facilitator = You come in at once. Others see you as a facilitator.

## Devices

microphone = Microphone
camera = Camera
speaker = Speaker
level = Microphone level
test-sound = Play test sound
# Name of a button.
mute = Mute microphone
# Name of a button.
unmute = Unmute microphone
mute-short = Mute
unmute-short = Unmute
# Name of a button.
camera-turn-off = Turn camera off
# Name of a button.
camera-turn-on = Turn camera on
device-silent = We hear nothing from this microphone. Is it switched off, or is another one meant?
device-asking = { $device ->
    [camera] The browser asks whether this page may use the camera. Choose "Allow" if you want to be seen.
   *[microphone] The browser asks whether this page may use the microphone. Choose "Allow" if you want to be heard.
}
device-blocked = { $device ->
    [camera] The browser keeps the camera closed.
   *[microphone] The browser keeps the microphone closed.
}
device-blocked-system = { $device ->
    [camera] This device's settings keep the camera closed.
   *[microphone] This device's settings keep the microphone closed.
}
device-missing = { $device ->
    [camera] No camera found. You are just as welcome without a picture.
   *[microphone] No microphone found. You can listen, and write in the chat.
}
device-in-use = { $device ->
    [camera] Another program is using the camera. Close it there and press "Try again".
   *[microphone] Another program is using the microphone. Close it there and press "Try again".
}
device-lost = { $device ->
    [camera] The camera is no longer connected. Plug it in again, or choose another one.
   *[microphone] The microphone is no longer connected. Plug it in again, or choose another one.
}
device-how = { $device ->
    [camera] How to open the camera
   *[microphone] How to open the microphone
}
device-try-again = { $device ->
    [camera] Try again: camera
   *[microphone] Try again: microphone
}

## Help with a closed device. $device is "camera" or "microphone"; quoted words are what the browser shows.

help-title = { $device ->
    [camera] The browser keeps the camera closed
   *[microphone] The browser keeps the microphone closed
}
help-title-system = { $device ->
    [camera] This device keeps the camera closed
   *[microphone] This device keeps the microphone closed
}
help-why = It may have been answered with "Block" some time ago. Here is how to open it:
help-why-system = Its settings do not let browsers use it at the moment. Here is how to open it:
help-again = Come back here and press "Try again".
help-still = Still closed? Another program may be using it, or somebody looks after this device's settings. You are just as welcome without.
help-without = { $device ->
    [camera] Continue without camera
   *[microphone] Continue without microphone
}
help-chrome-1 = Press the sign at the left of the address.
help-chrome-2 = { $device ->
    [camera] Turn "Camera" on.
   *[microphone] Turn "Microphone" on.
}
help-edge-1 = Press the lock at the left of the address, then "Permissions for this site".
help-edge-2 = { $device ->
    [camera] Set "Camera" to "Allow".
   *[microphone] Set "Microphone" to "Allow".
}
help-firefox-1 = { $device ->
    [camera] Press the crossed-out camera at the left of the address.
   *[microphone] Press the crossed-out microphone at the left of the address.
}
help-firefox-2 = Press the "×" beside "Blocked".
help-safari-1 = Open the menu "Safari", then "Settings for This Website".
help-safari-2 = { $device ->
    [camera] Set "Camera" to "Allow".
   *[microphone] Set "Microphone" to "Allow".
}
help-android-chrome-1 = Press the sign at the left of the address, then "Permissions".
help-android-chrome-2 = { $device ->
    [camera] Turn "Camera" on.
   *[microphone] Turn "Microphone" on.
}
help-android-edge-1 = Press the lock at the left of the address, then "Permissions".
help-android-edge-2 = { $device ->
    [camera] Set "Camera" to "Allow".
   *[microphone] Set "Microphone" to "Allow".
}
help-android-firefox-1 = Press the lock at the left of the address.
help-android-firefox-2 = { $device ->
    [camera] Press "Blocked" beside "Camera", so that it says "Allowed".
   *[microphone] Press "Blocked" beside "Microphone", so that it says "Allowed".
}
help-ios-safari-1 = Press the page sign beside the address, then "Website Settings".
help-ios-safari-2 = { $device ->
    [camera] Set "Camera" to "Allow".
   *[microphone] Set "Microphone" to "Allow".
}
help-ios-other-1 = Open "Settings" on your phone or tablet, then this browser's name.
help-ios-other-2 = { $device ->
    [camera] Turn "Camera" on.
   *[microphone] Turn "Microphone" on.
}
help-other-1 = Open your browser's settings for this page, usually beside the address.
help-other-2 = { $device ->
    [camera] Allow the camera.
   *[microphone] Allow the microphone.
}
help-windows-1 = { $device ->
    [camera] Open "Settings", "Privacy & security", "Camera".
   *[microphone] Open "Settings", "Privacy & security", "Microphone".
}
help-windows-2 = Turn on access for apps, and for your browser in the list.
help-mac-1 = { $device ->
    [camera] Open "System Settings", "Privacy & Security", "Camera".
   *[microphone] Open "System Settings", "Privacy & Security", "Microphone".
}
help-mac-2 = Turn your browser on, and let it restart if it asks to.
help-android-1 = Open "Settings", "Apps", your browser, "Permissions".
help-android-2 = { $device ->
    [camera] Set "Camera" to "Allow only while using the app".
   *[microphone] Set "Microphone" to "Allow only while using the app".
}
help-ios-1 = Open "Settings", "Apps", and your browser's name.
help-ios-2 = { $device ->
    [camera] Turn "Camera" on.
   *[microphone] Turn "Microphone" on.
}
help-system-1 = Open this device's settings for privacy.
help-system-2 = { $device ->
    [camera] Allow your browser to use the camera.
   *[microphone] Allow your browser to use the microphone.
}

## Waiting

# A status begins with this.
waiting = Waiting to be let in
waiting-known = The facilitators know that you are here, { $name }.
waiting-nobody-yet = No facilitator is here yet; the meeting begins when one arrives.
waiting-reconnecting = Your connection is lost. Trying again; your place is kept.
waiting-words = Come as you are. You don't need to have the right words, and you don't have to speak. Being here is enough.
waiting-only-you = Only you see this for now
shape-still = Still the shape
shape-move = Let the shape move
stop-waiting = Stop waiting
declined-title = Not this time
declined-what = You were not let in this time. You can ask again in a minute, or contact the group.
declined-wait = You can ask again in about { $seconds } seconds.
declined-now = You can ask again now.
ask-again = Ask again

## Problems: what is, why, and what can be done

problem-no-secret-title = Open the link from your invitation again
problem-no-secret-what = The secret part of the link is not here any more. It never stays in the address for long.
problem-no-secret-remedy = Find the message with your invitation and press its link once more.
problem-damaged-link-title = A part of this link is missing
problem-damaged-link-what = Some programs cut long links off at the end of a line.
problem-damaged-link-remedy = Copy the whole link from your invitation and paste it into the address. If that does not help, ask for a new one.
problem-unknown-group-title = There is no group behind this link
problem-unknown-group-what = The group may have been deleted, or the link belongs to another server.
problem-unknown-group-remedy = Ask the person who sent you the link whether there is a new one.
problem-foreign-link-title = This link does not fit this group
problem-foreign-link-what = The group's key is not the one that your link names. To keep you safe, nothing was opened.
problem-foreign-link-remedy = Ask the group's organiser for a new link, and tell them that this appeared.
problem-no-secure-context-title = This page was not opened safely
problem-no-secure-context-what = Browsers lend camera, microphone and keys only to pages whose address begins with https.
problem-no-secure-context-remedy = Whoever runs this server has to set up a certificate (public address and TLS in the settings). Until then the link works on the server's own machine.
problem-browser-cannot-title = This browser cannot lock picture and voice
problem-browser-cannot-what = It works in current Chrome, Edge, Firefox and Safari.
problem-browser-cannot-remedy = Copy the link and open it there. Pages opened inside another app often cannot do it either.
problem-no-devices-api-title = This browser gives no page a microphone or camera
problem-no-devices-api-what = Pages opened inside another app often cannot use them.
problem-no-devices-api-remedy = Copy the link and open it in Chrome, Edge, Firefox or Safari.
problem-meeting-full-title = The meeting is full
problem-meeting-full-what = As many people are here as this server can hold in one meeting.
problem-meeting-full-remedy = When somebody leaves, there is room again. You can also contact the group.
problem-waiting-room-full-title = Many people are waiting at the moment
problem-waiting-room-full-what = The waiting room has no free place right now.
problem-waiting-room-full-remedy = Try again in a minute or two.
problem-server-full-title = This server is full at the moment
problem-server-full-what = Other groups are meeting here, and there is no room for one more.
problem-server-full-remedy = Try again a little later.
problem-too-busy-title = One moment, please
problem-too-busy-what = Many people arrive from your network at once, and the server takes them one after another.
problem-too-busy-remedy = Wait a minute, then try again.
problem-version-title = This page has become older than the server
problem-version-what = The server was renewed while the page was open.
problem-version-remedy = Load the page again. If it asks for your invitation's link, open that once more.
problem-unreachable-title = The server does not answer
problem-unreachable-what = Your network may be away for a moment, or the server may be.
problem-unreachable-remedy = Look whether other pages open, then try again.

## The call

stage = People in the meeting
tiles = Tiles
# Name of a toolbar.
toolbar = Meeting controls
# Names of buttons.
hand-raise = Raise hand
hand-lower = Lower hand
chat = Chat
people = People
more = More
leave = Leave
chat-unread = { $count ->
    [one] { $count } unread message
   *[other] { $count } unread messages
}
people-waiting = { $count } waiting
speaking-elsewhere = { $name } is speaking

connection-connecting = Connecting…
connection-reconnecting = Your connection is lost. Trying again; your microphone stays as you left it.
connection-media-connecting = Connecting voice and picture…
connection-media-blocked = Your network lets this page through, but not voice and picture. Mobile data or another network may work.
sound-blocked = The browser holds back the sound until you allow it.
# Name of a button.
sound-on = Turn sound on
notice-waiting = { $count ->
    [one] One person is waiting to be let in.
   *[other] { $count } people are waiting to be let in.
}
notice-waiting-show = Show who is waiting

## A tile, in words and as it is seen

tile-you = you
tile-facilitator = facilitator
tile-speaking = speaking
tile-muted = muted
tile-camera-off = camera off
tile-hand = hand raised, number { $place }
tile-lost = connection lost
tile-waiting-key = waiting for the key
tile-key-problem = key does not fit
waiting-key = Waiting for { $name }'s key
waiting-key-time = Usually a few seconds
key-problem = { $name }'s key does not fit
key-problem-remedy = It often helps to load the page again
connection-lost = Connection lost
place-kept = The place here is kept

## People

people-close = Close People
waiting-heading = Waiting, { $count }
hands-heading = Hands, in order
here-heading = In the meeting, { $count }
person-you = You
person-facilitator = Facilitator
person-speaking = Speaking
person-camera-off = Camera off
person-lost = Connection lost, the place is kept
# Names of buttons.
admit-all = Admit all
admit-name = Admit { $name }
decline-name = Decline { $name }
admit = Admit
decline = Decline
mute-name = Mute { $name }
mute-everyone = Mute everyone
remove-name = Remove { $name }
end-meeting = End meeting for everyone
is-muted = { $name } is muted
hand-lower-of = Lower { $name }'s hand
hand-lower-short = Lower
hand-since = { $minutes ->
    [0] Raised just now
    [one] Raised { $minutes } minute ago
   *[other] Raised { $minutes } minutes ago
}
knock-waiting = { $minutes ->
    [0] Waiting since just now
    [one] Waiting for { $minutes } minute
   *[other] Waiting for { $minutes } minutes
}
knock-away = Connection lost, still waiting
knock-removed-earlier = Removed earlier in this meeting
knock-same-browser = "Removed earlier" can be told only of the same browser.
knock-unreadable = This name cannot be read: the link was not whole.
knock-admitted-by = { $by } let { $name } in
knock-declined-by = { $by } did not let { $name } in this time
knock-admitted = { $name } is let in
knock-declined = { $name } is not let in this time
knock-withdrawn = { $name } stopped waiting

## Dialogs: named by their question

remove-title = Remove { $name }?
remove-what = { $name } leaves the meeting at once and cannot hear, see or read anything from then on. The others see that { $name } is no longer here, without a reason.
remove-again = { $name } may ask to join again. You will see "Removed earlier" beside the name, if it is the same browser.
remove = Remove
end-title = End meeting for everyone?
end-what = Everybody leaves at once, waiting people too. What was written here is gone. The group's links stay as they are.
end-confirm = End meeting
last-title = You are the last facilitator here
last-what = The meeting can go on without you, but nobody new can be let in. Or it ends now, for everybody.
alone-title = You are the only one here
alone-what = Without you the meeting closes by itself after two minutes. Or it ends now.
last-waiting = { $count ->
    [one] One person is waiting. Without you nobody can let them in.
   *[other] { $count } people are waiting. Without you nobody can let them in.
}
back-title = Leave the meeting?
back-stay = Stay
back-what = Going back would take you out of the meeting.
delete-title = Delete this group?
delete-what = All links stop working and a running meeting ends. There is no way back.
delete-confirm = Delete group

## Chat

chat-close = Close Chat
chat-note = Only people who are here now can read this. It vanishes with the meeting, and those who come later do not see it.
chat-log = Messages
chat-empty = Nothing written yet.
# Name of a field.
chat-message = Message
chat-placeholder = Write to everyone here
# Name of a button.
chat-send = Send
chat-sending = Sending…
chat-not-sent = Not sent yet
chat-resend = Send again
chat-newer = Newer messages

## More

more-close = Close More
more-devices = Devices
more-picture = Your own picture
hide-self = Hide my own picture
hide-self-note = Only from yourself. The others see you as before.
more-appearance = Appearance
theme-auto = Like my device
theme-dark = Dark
theme-light = Light
theme-contrast = High contrast
more-keyboard = Keyboard
single-keys = Single keys
single-keys-note = M, V, H, C and P work without Ctrl or Alt.
hold-to-talk = Hold Space to talk
hold-to-talk-note = Your microphone is open while the space bar is down.
shortcuts-open = All keyboard shortcuts
more-sounds = Sounds
knock-sound = Tone when somebody waits
knock-sound-note = Soft and low, once more after 30 seconds.
more-announcements = What a screen reader says of the chat
more-announcements-note = For people who listen to this page.
chat-say-all = Name and message
chat-say-sender = Only the name
chat-say-none = Nothing

shortcuts-title = Keyboard shortcuts
shortcuts-arrows = In the meeting controls, arrow keys, Home and End move from button to button. On a Mac, Cmd works like Ctrl.
shortcuts-single-off = Single keys and holding Space to talk are off. You can switch them on in "More".
shortcuts-hold = Hold Space to talk.
keys-microphone = Mute or unmute
keys-camera = Camera on or off
keys-hand = Raise or lower hand
keys-chat = Chat
keys-people = People
keys-list = This list
keys-toolbar = Go to the meeting controls
keys-close = Close a panel or dialog

## After the meeting

left-title = You have left the meeting
left-what = Take a moment before you go on. A glass of water, a window, a few slow steps.
removed-title = You are no longer in this meeting
removed-what = A facilitator ended your part for now; nothing of yours is kept.
ended-title = The meeting has ended
ended-what = A facilitator ended it for everyone. Take a moment before you go on.
empty-what = Nobody was here any more, so it closed by itself.
deleted-title = This group is no longer here
deleted-what = Its organiser deleted it, and the meeting ended with it.
taken-over-title = Open in another tab
taken-over-what = You are in the meeting there. This tab has let go of it.
expired-title = You have been away for a while
expired-what = Your place was kept for two minutes. You can ask to come in again.
left-devices = Camera and microphone are off.
left-nothing-kept = Keys, names and chat are gone from this device.
left-history = Your browser may still list this page in its history. On a shared computer, close the window.
# Name of a button.
rejoin = Rejoin
left-rejoin-note = After "Rejoin" a facilitator lets you in again.

## The organiser's page

organiser-page = Organiser's page
organiser-keep = Whoever has this page's link can do everything below. Keep it to yourself.
organiser-running = A meeting is running now
organiser-participants = For participants
organiser-participants-what = The link opens the door to the waiting page. A facilitator decides who comes in.
organiser-facilitators = For facilitators
organiser-facilitators-what = The link opens the meeting and lets others in. Give it only to those who hold the group.
organiser-delete = Delete this group
organiser-delete-what = All links stop working and a running meeting ends. There is nothing else to delete: meetings leave nothing behind.
organiser-deleted-title = The group is deleted
organiser-deleted-what = Its links have stopped working. Nothing of its meetings was kept.

## Said by a screen reader only

say-joined-one = { $name } joined.
say-joined-two = { $first } and { $second } joined.
say-joined-many = { $first }, { $second } and { $more } more joined.
say-left-one = { $name } left.
say-left-two = { $first } and { $second } left.
say-left-many = { $first }, { $second } and { $more } more left.
say-knock-one = { $name } is waiting to be let in.
say-knock-two = { $first } and { $second } are waiting to be let in.
say-knock-many = { $first }, { $second } and { $more } more are waiting to be let in.
say-knock-admitted = { $by } let { $name } in.
say-knock-declined = { $by } did not let { $name } in this time.
say-hand-raised = { $place ->
    [1] { $name } raised a hand, first.
   *[other] { $name } raised a hand, number { $place }.
}
say-hand-lowered = { $name } lowered a hand.
say-chat = { $name }: { $text }
say-chat-sender = { $name } wrote in the chat.
say-chat-many = { $count ->
    [one] { $count } new message in the chat.
   *[other] { $count } new messages in the chat.
}
say-admitted = You are in the meeting.
say-muted-by = A facilitator muted you. You can unmute whenever you like.
say-muted-everyone = A facilitator muted everyone. You can unmute whenever you like.
say-mic-on = Your microphone is on.
say-mic-off = Your microphone is off. Nobody hears you.
say-camera-on = Your camera is on.
say-camera-off = Your camera is off.
say-connection-lost = { $microphone ->
    [on] Your connection is lost. Trying again; your microphone stays on.
   *[off] Your connection is lost. Trying again; your microphone stays off.
}
say-connection-back = { $microphone ->
    [on] You are back. Your microphone is on, as before.
   *[off] You are back. Your microphone is off, as before.
}
say-sound-blocked = The browser holds back the sound. Press "Turn sound on".
say-copied = Copied.
say-messages-missed = You are back. What was written meanwhile could not be fetched.
say-renamed = Somebody here has a similar name, so you appear as "{ $name }".
say-request-refused = That could not be done just now. Please try again.
