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
# Inside a sentence, after those whose names are known: people whose names have not arrived.
people-new = { $count ->
    [one] somebody new
   *[other] { $count } new people
}
copy = Copy
not-now = Not now
# Joins what is said about a person: "Marta, facilitator, speaking".
and-then = { $said }, { $word }

copy-link = Copy link
copy-participant-link = Copy participant link
copy-facilitator-link = Copy facilitator link
copied = Copied
copy-refused = The browser did not allow copying. Press again, or allow the clipboard for this page.

## Before joining

before-promise = Only facilitators and the people they let in can see, hear or read you. Each of them has a tile. This server is not one of them. Cameras are welcome here and never expected.
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
name-hint = Any name you like. Nobody keeps it, and this tab forgets it when you close it.
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
before-unanswered = The server does not answer yet. Trying again; you need not press anything.

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
problem-no-secret-what = The secret part of the link is not here. It never stays in the address for long, and some programs cut it off.
problem-no-secret-remedy = Find the message with your invitation and press its link once more. If that does not help, ask the person who sent it for the whole link.
problem-damaged-link-title = This link did not arrive whole
problem-damaged-link-what = Something is missing in it, or something was added. Some programs cut long links off, or take a full stop along.
problem-damaged-link-remedy = Copy the whole link from your invitation and paste it into the address. If that does not help, ask the person who sent it for a new one.
problem-unknown-group-title = There is no group behind this link
problem-unknown-group-what = The group may have been deleted. Or the link belongs to another server, or was altered on its way.
problem-unknown-group-remedy = Ask the person who sent you the link whether there is a new one.
problem-foreign-link-title = This link does not fit this group
problem-foreign-link-what = The group's key is not the one that your link names. To keep you safe, nothing was opened.
problem-foreign-link-remedy = Compare the link with your invitation: one wrong character is enough. If it is the same, ask the group's organiser for a new one, and tell them that this appeared.
problem-links-changed-title = The links of this group were changed
problem-links-changed-what = The organiser has handed out new ones, so this older link no longer opens the door. The group is still there.
problem-links-changed-remedy = Ask the person who sent you this link, or a facilitator, for the new one. If you typed the link, compare it with your invitation first.
problem-no-secure-context-title = This page was not opened safely
problem-no-secure-context-what = Browsers lend camera, microphone and keys only to pages whose address begins with https.
problem-no-secure-context-remedy = Whoever runs this server has to set up a certificate (public address and TLS in the settings). Until then the link works on the server's own machine.
problem-browser-cannot-title = This browser cannot lock picture and voice
problem-browser-cannot-what = It works in current Chrome, Edge, Firefox and Safari.
problem-browser-cannot-remedy = Copy the link and open it there. Pages opened inside another app often cannot do it either.
problem-no-devices-api-title = This browser gives no page a microphone or camera
problem-no-devices-api-what = Pages opened inside another app often cannot use them.
problem-no-devices-api-remedy = Copy the link and open it in Chrome, Edge, Firefox or Safari.
problem-clock-title = Your device's clock is wrong
problem-clock-what = It is more than a day away from this server's clock. Keys are good for a time only, so the others could not accept yours.
problem-clock-remedy = Let your device set date and time by itself, then try again. If they are right already, tell whoever runs this server.
problem-certificate-missing-title = This facilitator link is not ready
problem-certificate-missing-what = The organiser's signature for it is not on this server. Without it the others cannot know that you facilitate.
problem-certificate-missing-remedy = Compare the link with the one that you were sent. If it is the same, ask the group's organiser to renew it, or to add a new one.
problem-certificate-expired-title = This facilitator link has run out
problem-certificate-expired-what = Facilitator links are good for a time only, so that a forgotten one does not stay open for ever.
problem-certificate-expired-remedy = Ask the group's organiser to renew it. The link itself stays the same; then try again.
problem-certificate-revoked-title = This facilitator link was withdrawn
problem-certificate-revoked-what = The group's organiser has ended it.
problem-certificate-revoked-remedy = Ask the organiser for a new one. With the participant link you can ask to join like everybody.
problem-meeting-locked-title = The meeting is locked for now
problem-meeting-locked-what = The facilitators let nobody new in at the moment. The people inside may be in the middle of something.
problem-meeting-locked-remedy = Try again a little later, or contact the group.
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

# States of the shield in the bar, and its name.
encryption-checked = Encrypted and checked
encryption-unchecked = Encrypted, { $count } not checked
encryption-changing = Keys are on their way
encryption-stopped = Stopped sending: keys do not agree
encryption-chip = { $state }. Check encryption
locked-short = Locked
locked-what = The meeting is locked. Nobody new can ask to come in.

# Notices, and the name of the place where they stand when they are more than fit.
notices = Notices
trouble-keys-disagree = Sending has stopped: the others use keys that this device was not told of. It goes on by itself when the keys agree. If this lasts a minute, load the page again.
trouble-facilitator-silent = Nothing was heard of { $names } for 15 seconds. Until that changes, decisions from there may not arrive here.
trouble-no-facilitator = No facilitator is here, so nobody new can come in. The meeting can go on for a while, usually 10 minutes, and then ends by itself.
trouble-no-facilitator-helped = No facilitator is here; { $names } can let people in. The meeting can go on for a while, usually 10 minutes, and then ends by itself.
trouble-rejoining = This device lost the meeting's keys and is asking for them again. Voice and picture come back in a few seconds.
check-started = { $name } started a check of the encryption. It takes a minute.
check-open = Open the check
# Name of a button.
news-close = Close this message
incident-commit = { $name }'s device tried to change who holds the keys, against the rules. It had no effect.
incident-commit-nobody = Somebody outside the meeting tried to change who holds the keys. It had no effect. If it happens again, tell whoever runs this server.
incident-request = { $name }'s device asked for something that only facilitators may ask for. It had no effect.
incident-request-nobody = Somebody asked for something that only facilitators may ask for. It had no effect.
incident-knock = Somebody asked to come in, but not with this meeting's link, or with a request that is not genuine. Nobody can be let in by it.
co-facilitator-you = You are a co-facilitator now. You can let people in, mute and remove; it is all under "People".
co-facilitator-you-not = You are no longer a co-facilitator. Thank you for helping to hold the room.
co-facilitator-other = { $name } is a co-facilitator now.
co-facilitator-other-not = { $name } is no longer a co-facilitator.
facilitator-withdrawn = The organiser has withdrawn your facilitator link. You can stay, like everybody. For a new link, ask the organiser.
links-changed = The organiser has changed all links. Who is here can stay. To let people in with new links, end this meeting and open it with yours.

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
tile-co-facilitator = co-facilitator
tile-speaking = speaking
tile-muted = muted
tile-camera-off = camera off
tile-hand = hand raised, number { $place }
tile-lost = connection lost
tile-waiting-key = waiting for the key
tile-key-problem = key does not fit
tile-checked = encryption checked
tile-unchecked = encryption not checked yet
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
person-co-facilitator = Co-facilitator
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
# The roles rotate: given and taken with one press.
co-facilitator-make = Make { $name } co-facilitator
co-facilitator-withdraw = Withdraw co-facilitator role from { $name }
# Name of a button that explains the shield.
encryption-of = { $name }'s shield: { $state }
explain-checked = Encrypted and checked: the eight emoji were compared while { $name } took part.
explain-unchecked = Encrypted. The eight emoji were not compared with { $name } yet: "Check encryption" in "More" does that.
explain-waiting = { $name }'s key is on its way. Until it is here, nothing of { $name } is heard or shown.
explain-problem = { $name }'s key does not fit, so nothing of { $name } is heard or shown. It often helps if { $name } loads the page again.
explain-self = Your own voice and picture are encrypted on this device before they leave it.
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
knock-unreadable = This request is not genuine, or was made with another link than this meeting's. Nobody can be let in by it.
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
last-what = { $helpers ->
    [0] Without you nobody new can be let in, and the meeting goes on for a while, usually 10 minutes. Or it ends now, for everybody.
   *[other] Without you co-facilitators can let people in, and the meeting goes on for a while, usually 10 minutes. Or it ends now, for everybody.
}
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

## "Check encryption"

check-encryption = Check encryption
# Name of a list with exactly eight items.
check-emoji = Emoji
check-how = Somebody reads these eight aloud. If everyone sees the same, only the people on screen can follow this meeting.
check-digits = The same in digits, for the phone:
check-no-keys = The keys are on their way. The check begins when they are here.
check-gathering = Every device puts in its share. The eight emoji appear in a few seconds.
check-revealing = All shares are here. The eight emoji are being put together.
check-not-through = This check did not come through. Perhaps somebody came or went, or a device did not answer. Please check again; if it never works, tell a facilitator.
# After the sentences above; the names may be of people whose connection was slow, one's own among them.
check-not-through-by = Something was missing from { $names }. Often it is only a slow connection.
check-again = Check again
check-took = This check speaks for { $names }. Marking it covers exactly them.
check-alone = Nobody else took part in this check.
check-silent = No answer from { $names } yet. Without one this check cannot speak for { $names }.
check-checked = Checked: { $names }. That stays valid when keys change.
check-unchecked = Not checked yet: { $names }.
check-marked = You marked these as checked.
check-outdated = Somebody came or went since. For those who are here now, check again.
check-since-founded = The keys are those of the meeting's beginning, { $time }.
check-since-entered = New keys since { $time }, because you came in.
check-since-joined = New keys since { $time }, because somebody joined: { $names }.
check-since-left = New keys since { $time }, because somebody is no longer here: { $names }.
check-since-back = New keys since { $time }, because somebody came back: { $names }.
check-since-renewed = New keys since { $time }. They are renewed every few minutes.
check-since-granted = New keys since { $time }, because somebody became co-facilitator: { $names }.
check-since-withdrawn = New keys since { $time }, because somebody is no longer co-facilitator: { $names }.
check-mark = Mark as checked
check-differ = They do not match
check-differ-title = When they do not match
check-differ-what = Somebody may have read an older check. If they differ again, somebody unseen may be between you.
check-differ-again = Check again, once. Everybody reads from the new one.
check-differ-leave = Do they still differ? Say nothing more that is personal, and leave.
check-differ-tell = Tell a facilitator by another way: by phone, or face to face.
check-differ-links = The organiser can change all links, and hand the new ones out by another way.
check-back = Back to the emoji

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
chat-not-sent = Perhaps not sent
chat-resend = Send again
chat-newer = Newer messages

## More

more-close = Close More
more-encryption = Encryption
check-note = Everybody compares eight emoji. So you know that nobody else listens.
more-door = Door
# Names of buttons.
lock-meeting = Lock meeting
unlock-meeting = Unlock meeting
locked-note = The meeting is locked: nobody new can ask to come in. Those who lose their connection can still come back.
unlocked-note = While it is locked, nobody new can ask to come in. Those who lose their connection can still come back.
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

## Shared screens, pinned tiles and the connection

more-screen = Your screen
# Names of buttons.
share-screen = Share screen
stop-sharing = Stop sharing
share-screen-note = You choose what is shown. Everybody here can see it, encrypted like everything else.
sharing-screen = You are sharing your screen.
sharing-screen-note = Everybody here can see it. Messages that pop up there are seen too.
share-busy = { $name } is sharing a screen. One at a time; when it has ended, there is room for yours.
share-refused = Nothing is shared. If you were not asked what to show, the browser or this device does not allow it. Its privacy settings can change that.
share-unsupported = This browser cannot share a screen. On a computer it works in current browsers.
screen-of = { $name }'s screen
screen-coming = This screen is on its way
screen-audio-only = Not shown, because "Audio only" is on
# Names of buttons; $name in "full-screen" is a person's name or "NAME's screen".
pin = Pin { $name }
unpin = Unpin { $name }
pin-screen = Pin the screen of { $name }
unpin-screen = Unpin the screen of { $name }
full-screen = Full screen: { $name }
full-screen-back = Back from full screen
# Name of a group: what is shown large.
front = In front
picture-paused = Picture paused
picture-paused-why = to keep the voices clear
tile-picture-paused = picture paused
person-weak = Weak connection
weak-sign = { $name }'s connection is weak
explain-fair = { $name }'s connection has small gaps at the moment. There is nothing that you need to do.
explain-poor = Little gets through from { $name } at the moment. It is { $name }'s connection. A little more time for answers helps.
# Name of a sign; it begins as the others' do.
own-weak-sign = Your connection is weak
own-fair = Your connection has small gaps at the moment. The others may hear or see you with short breaks.
own-poor = Your connection is weak at the moment. The others may hear or see you with breaks.
# One line at the top of the page.
own-weak = Your connection is weak at the moment.
own-weak-pictures = Your connection is weak at the moment. Some pictures are paused to keep the voices clear.
own-weak-voices = Your connection is very weak. The sound of silent people is paused in turn; you may miss somebody's first words.
more-network = Connection
# Names of switches.
data-saver = Data saver
data-saver-note = Smaller pictures, from you and to you. At most about 180 MB an hour arrive on this device. Voices stay as they are.
audio-only = Audio only
audio-only-note = You see no pictures, and your camera turns off. Sound stays as it is.
relay-only = Relay only
relay-only-note = Voice and picture take a detour, for networks that let nothing else through. It does not hide you: whoever hosts the server always sees an internet address.
relay-only-missing = This server has no relay. One would help in networks that let nothing else through.
# Name of a button and a panel.
quality = Call quality
quality-close = Close Call quality
quality-note = How voices and pictures get through, and whose connection it is when they do not.
quality-looking = Looking at how voices and pictures get through. It takes a few seconds.
quality-own = Your connection
quality-up = { $quality ->
    [good] From you: everything gets through.
    [fair] From you: most gets through, with small gaps.
    [poor] From you: little gets through at the moment.
   *[none] From you: nothing is being sent.
}
quality-down = { $quality ->
    [good] To you: everything gets through.
    [fair] To you: most gets through, with small gaps.
    [poor] To you: little gets through at the moment.
   *[none] To you: nothing is being sent.
}
quality-others = What arrives of the others
quality-person = { $name }: { $sound }, { $picture }
quality-sound = { $quality ->
    [good] voice clear
    [fair] voice with small gaps
    [poor] voice often interrupted
   *[none] voice not sent now
}
quality-picture = { $quality ->
    [good] picture smooth
    [fair] picture stops now and then
    [poor] picture often stands still
    [held] picture paused
    [not-shown] picture not in view
    [off] camera off
   *[none] no picture
}
quality-theirs = It is { $name }'s connection.
quality-ours = It is your connection.
quality-unknown = It is not clear whose connection it is.
quality-fine = All is well. There is nothing that you need to do.
quality-help = What may help
quality-help-nearer = Move closer to the Wi-Fi router, or plug in a cable.
quality-help-others = Pause downloads and films on the same network.
quality-help-network = Try another network. Mobile data is often better than a crowded Wi-Fi.
quality-help-camera = Turn your camera off for a while. That leaves more room for your voice.
quality-help-theirs = Your own connection is good, so there is nothing that you need to do. Whoever has the weak one sees what may help.
quality-details = Details
figure-sent = Sent
figure-received = Received
figure-rate = { $rate } kbit/s, { $lost } % lost
figure-round-trip = There and back
figure-ms = { $ms } ms
figure-path = Way to the server
path-udp = direct (UDP)
path-tcp = direct (TCP)
path-relay = through a relay
figure-picture = Picture of { $name }
figure-lines = { $lines } lines
say-screen-busy = Somebody else began to share a moment before you. One screen at a time; when it has ended, there is room for yours.
say-screen-shared = { $name } is sharing a screen.
say-screen-stopped = { $name } is no longer sharing a screen.
say-own-screen-stopped = Your screen is no longer shared.
say-pictures-held = Your connection is weak at the moment. Some pictures are paused, the voices stay.
say-pictures-back = All pictures are back.
say-voices-paused = Your connection is very weak at the moment. The sound of silent people is paused in turn, so that whoever speaks stays clear. You may miss somebody's first words.
say-voices-back = All voices are back.

## After the meeting

left-title = You have left the meeting
left-what = Take a moment before you go on. A glass of water, a window, a few slow steps.
removed-title = You are no longer in this meeting
removed-what = Your part ended for now: a facilitator decided so, or took your connection for lost. You can ask to come in again.
ended-title = The meeting has ended
ended-what = A facilitator ended it for everyone. Take a moment before you go on.
cut-off-what = This server says that you were removed, but no facilitator signed that.
cut-off-remedy = You can ask to come in again. If it happens once more, ask a facilitator by another way.
faulty-title = Your part in the meeting has ended
faulty-what = The server says that the others could not accept what this browser did with the keys.
faulty-remedy = Load the page again before you rejoin. If it happens once more, another browser may help.
ended-unsigned-title = The meeting has ended here
ended-unsigned-what = This server says that the meeting is over, but no facilitator signed that. The others may still be together.
ended-unsigned-remedy = You can ask to come in again. If nobody answers, ask a facilitator by another way.
no-facilitator-what = No facilitator was here for a while, so it closed by itself.
no-facilitator-remedy = When a facilitator opens it again, you can ask to come in.
empty-what = Nobody was here any more, so it closed by itself.
deleted-title = This group is no longer here
deleted-what = This server says that its organiser deleted it. The meeting ended with it.
taken-over-title = Open in another tab
taken-over-what = You are in the meeting there. This tab has let go of it.
expired-title = You have been away for a while
expired-what = Your place is not kept any longer. You can ask to come in again.
left-devices = Camera and microphone are off.
left-nothing-kept = Keys, chat and the names of the others are gone from this device.
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
organiser-facilitators-what = Such a link opens the meeting and lets others in. One for each person who holds the group, so that each can be withdrawn apart.
facilitator-link = Facilitator link { $number }
copy-facilitator-link-number = Copy facilitator link { $number }
renew = Renew
renew-number = Renew facilitator link { $number }
renewed = Renewed. The link stays the same.
revoke = Revoke
link-good = Good until { $date }
link-expires-soon = Runs out on { $date }
link-expired = Ran out on { $date }
link-revoked = Revoked
add-facilitator = Add a facilitator
added-facilitator = A new link is in the list. Give it to one person.
organiser-refused = The server did not take that just now. Please try again.
revoke-title = Revoke facilitator link { $number }?
revoke-what = Whoever has this link can no longer open a meeting or let people in. There is no way back, but you can add a new one.
revoke-last = It is the only one that works. Until you add another, nobody can open a meeting.
revoke-until = A server that hides this from everybody could keep the link alive until { $date }. To be sure against that too, change all links.
change-links = Change all links
change-links-what = If a link came into wrong hands. Every link so far stops working, and you hand out new ones.
change-title = Change all links?
change-what = Every link so far stops working, for participants and for facilitators. You hand out new ones, best by another way than before.
change-running = A meeting is running now. Those inside who lose their connection may need the new link to come back.
change-own = The link of this page changes too. You copy the new one right afterwards.
group-name = Name of the group
group-name-hint = Only the newest links can open its name. Write it here, so that the new ones can.
changed-title = The links are new, yours too
changed-what = The link with which you opened this page no longer works. Copy the new one now and keep it; then hand out the others below.
copy-organiser-link = Copy your new organiser link
outdated-title = This page's link is an older one
outdated-what = All links were changed since, this page's too. Open the newest organiser's link. If you cannot find it, change all links again below.
organiser-delete = Delete this group
organiser-delete-what = All links stop working and a running meeting ends. There is nothing else to delete: meetings leave nothing behind.
organiser-deleted-title = The group is deleted
organiser-deleted-what = Its links have stopped working. Nothing of its meetings was kept.

## The emoji of the check: one everyday word each, told apart over a bad line

emoji-dog = Dog
emoji-cat = Cat
emoji-horse = Horse
emoji-elephant = Elephant
emoji-rabbit = Rabbit
emoji-panda = Panda
emoji-tiger = Tiger
emoji-koala = Koala
emoji-turtle = Turtle
emoji-dolphin = Dolphin
emoji-octopus = Octopus
emoji-butterfly = Butterfly
emoji-ladybird = Ladybird
emoji-snail = Snail
emoji-owl = Owl
emoji-penguin = Penguin
emoji-giraffe = Giraffe
emoji-zebra = Zebra
emoji-hedgehog = Hedgehog
emoji-fish = Fish
emoji-cactus = Cactus
emoji-sunflower = Sunflower
emoji-tulip = Tulip
emoji-palm = Palm
emoji-leaf = Leaf
emoji-chestnut = Chestnut
emoji-apple = Apple
emoji-banana = Banana
emoji-grapes = Grapes
emoji-strawberry = Strawberry
emoji-lemon = Lemon
emoji-carrot = Carrot
emoji-cherries = Cherries
emoji-broccoli = Broccoli
emoji-moon = Moon
emoji-star = Star
emoji-sun = Sun
emoji-cloud = Cloud
emoji-snowflake = Snowflake
emoji-rainbow = Rainbow
emoji-umbrella = Umbrella
emoji-bicycle = Bicycle
emoji-train = Train
emoji-canoe = Canoe
emoji-aeroplane = Aeroplane
emoji-balloon = Balloon
emoji-anchor = Anchor
emoji-castle = Castle
emoji-key = Key
emoji-bell = Bell
emoji-paperclip = Paperclip
emoji-pencil = Pencil
emoji-glasses = Glasses
emoji-guitar = Guitar
emoji-drum = Drum
emoji-trumpet = Trumpet
emoji-piano = Piano
emoji-puzzle = Puzzle
emoji-gift = Gift
emoji-basket = Basket
emoji-camera = Camera
emoji-telephone = Telephone
emoji-globe = Globe
emoji-lamp = Lamp

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
say-locked = The meeting is locked. Nobody new can ask to come in.
say-unlocked = The meeting is open again for people who ask to come in.
say-check-done = The eight emoji are here. Somebody reads them aloud.
say-newcomer-unchecked = { $name } is new here and not checked yet.
say-keys-agree = The keys agree again. Your voice and picture are sent again.
say-facilitator-heard = All facilitators are heard from again.
say-facilitator-here = A facilitator is here again.
say-rejoined = Your device has the meeting's keys again.
say-messages-missed = Your connection was away. What was written meanwhile could not be fetched.
say-renamed = Somebody here has a similar name, so you appear as "{ $name }".
say-request-refused = That could not be done just now. Please try again.
say-request-full = The meeting is full. When somebody leaves, there is room again.
say-request-offline = That was not done, because your connection is lost. Please try again when it is back.
