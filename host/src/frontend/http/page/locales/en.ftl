# The page in English. Spanish has the same keys and variables.

language = English
languages = Languages
months = Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec
list-and = { $first } and { $last }
skip = Skip to the content
menu = Menu
nav-overview = Overview
nav-backups = Backups
nav-runs = Runs
nav-drills = Drills
nav-sidecar = Sidecar
as-of = As of
stream-lost = The server has not answered for 10 seconds: what you see here may no longer be true.
on-command-line = On the command line
back = Back
next = Next
the-set = set
the-set-of = set of { $names }

## Signing in
sign-in = Sign in
sign-in-title = Sign in
sign-in-token = API token
sign-in-where = It is under secrets.api_token in the configuration.
sign-in-wrong = This token is not right.
sign-in-wait = Too many wrong tokens came from your address. Try again in { $time }.
sign-in-at = Sign in at { $provider }
signed-in = Signed in
go-on = Go on
sign-out = Sign out
caller = { $name }, scope “{ $scope }”

## States of a member
status-fresh = Up to date
status-late = Late
status-warning = Warning
status-failed = No good backup in time
status-never = Nothing yet
status-unknown = No answer
heading-fresh = { $count ->
    [one] { $names } is up to date
   *[other] { $names } are up to date
}
heading-some-fresh = { $count ->
    [one] { $names } is up to date; the others have no backup yet
   *[other] { $names } are up to date; the others have no backup yet
}
heading-late = { $count ->
    [one] { $names } needs a look
   *[other] { $names } need a look
}
heading-failed = { $count ->
    [one] { $names } has no good backup that is young enough
   *[other] { $names } have no good backup that is young enough
}
heading-unknown = { $count ->
    [one] it is not known how { $names } stands
   *[other] it is not known how { $names } stand
}
heading-never-yet = { $count ->
    [one] { $names } has no backup yet
   *[other] { $names } have no backup yet
}
heading-never = Nothing has been backed up yet

## Reasons
reason-overdue = { $slots ->
    [one] A backup was due on { $due }, and there is no newer one.
    [1000] Backups have been due since { $due } or longer; 1000 or more are missing.
   *[other] Backups have been due since { $due }; { $slots } are missing.
}
reason-no-rhythm = The newest backup is of { $at }. Neither a schedule nor enough backups say when one is due.
reason-none-yet = No backup has been made since { $at }, and no schedule says when one is due.
reason-no-good-backup = There is no good backup.
reason-all-damaged = Every backup that is left is damaged.
reason-last-run-failed = The last run failed:
reason-last-run-cancelled = The last run was cancelled.
reason-last-run-interrupted = The last run was interrupted:
reason-copy-damaged = A copy in { $store } is damaged: { $key }
reason-backup-of-the-future = A backup is dated { $at }, which is yet to come: how old it is cannot be said.
reason-upload-missing = A backup has not reached { $stores } yet.
reason-drill-failed = The last drill failed:
reason-store-unreadable = The store { $store } does not answer:

## Overview
nothing-yet = Nothing has been backed up here yet. The first backup shows whether everything is set up.
last-good-ago = Last good backup { $time } ago
last-good-warned = { $count ->
    [one] It has 1 warning.
   *[other] It has { $count } warnings.
}
show-warnings = Show them
days-good = { $count ->
    [0] Last { $all } days: no good backup
    [one] Last { $all } days: a good backup on 1 day
   *[other] Last { $all } days: a good backup on { $count } days
}
days-warned = of these with warnings or a failure beside it: { $dates }
days-failed = failed: { $dates }
days-missed = due, but not made: { $dates }
day-good = a good backup
day-quiet = none, and none was due
verified-good = verified
never-verified = not verified yet
on-this-sidecar = on this sidecar only
stored-in-all = all backups: { $stores }
next-run = Next
no-schedule = no schedule: only when asked for
with-the-set = with the set
back-up-now = Back up now
back-up-now-of = Back up { $name } now
check = Check
check-now = Check now
check-again = Check again
check-about = Asks modules, servers and stores whether the next backup would succeed. Nothing is backed up, and no command line of yours is tried.
check-error = Would fail
check-stores = Stores that can do what a backup needs:
check-passed = { $count ->
    [0] The next backup can run
    [one] The next backup can run, with 1 warning
   *[other] The next backup can run, with { $count } warnings
}
check-failed = { $count ->
    [one] 1 thing would make the next backup fail
   *[other] { $count } things would make the next backup fail
}
history = History
history-empty = The chart begins with the first backup.
as-table = As a table
chart-measure = Show
chart-size = size of the artifact
chart-duration = duration
chart-added = added to the store
chart-sentence = { $count ->
    [one] The last backup by { $measure }
   *[other] The last { $count } backups by { $measure }
}, at most { $largest }; { $failed ->
    [0] none failed
    [one] 1 failed
   *[other] { $failed } failed
}.

## Runs
kind-backup = Backup
kind-restore = Restore
kind-drill = Drill
kind-verify = Verification
kind-of = { $kind } of { $of }
state-queued = Waiting
state-running = Running
state-succeeded = Succeeded
state-failed = Failed
state-cancelled = Cancelled
state-interrupted = Interrupted
state-warned = { $count ->
    [one] { $state }, with 1 warning
   *[other] { $state }, with { $count } warnings
}
run-in-progress = { $kind } in progress
size-of = { $part } of { $whole }
size-stored = stored as { $size }
size-added = { $size } added
time-left = { $time } left
time-elapsed = { $time } so far
runs-empty = Nothing has run yet. “Back up now” on the overview starts the first run.
nothing-fits = Nothing fits this filter.
filter-all = all
filter-kind = Kind
filter-state = State
filter-late = Late, or a warning
filter-warned = with warnings
filter-member = Strategy
filter-tier = Tier
pager = Pages
pages = { $first }–{ $last } of { $count }
newer = Newer
older = Older
column-when = When
column-what = What
column-state = State
column-took = Took
column-size = Size
column-artifact = Artifact
artifact-size = Size of the artifact
column-asked-by = Asked by
by-command-line = command line
by-schedule = schedule
by-schedule-late = schedule, late
column-tiers = Tiers
column-kept = Kept
column-store = Store
column-stores = Stores
may-close = You may close this page; the run goes on.
members = Members
parts-restored = What was restored
parts-tried = What was to be restored
parts-verified = What was read
file = File
left-out = Left out
left-out-count = { $count ->
    [one] 1 thing left out
   *[other] { $count } things left out
}
log = Log
log-zone = Times are in UTC.
log-cut = Only the last lines are kept.
follow = Follow
copy = Copy
run-id = Run
show-run = Show the run
show-runs = Show the runs
show-backup = Show the backup
download = Download
cancel = Cancel
cancel-title = Cancel this run?
cancel-leaves = A backup that is cancelled leaves nothing behind, and earlier backups stay. A restore that is cancelled may leave a part of what it was restoring.
cancel-restore = This is a restore: what it has already replaced stays replaced.
cancel-no = Let it go on
cancel-yes = Cancel the run

## Backups
backups-empty = The stores hold no backup yet.
no-stores = No store is configured: each backup replaces the last one on this sidecar. A store keeps several, where a loss of this machine does not reach them.
newest = Newest
backups-count = { $count ->
    [one] 1 backup
   *[other] { $count } backups
}
proven-on = Proven { $day }
never-proven = Never drilled
kept-goes = goes with the next run
kept-until = until { $day }
kept-within = { $days ->
    [one] within { $days } day
   *[other] within { $days } days
}
kept-among = { $last ->
    [one] the last one
   *[other] one of the last { $last }
}
kept-older = { $days ->
    [one] older than { $days } day
   *[other] older than { $days } days
}
kept-beyond = { $last ->
    [one] not the last one
   *[other] not one of the last { $last }
}
kept-floor = { $held ->
    [one] old, but the newest
   *[other] old, but one of the newest { $held }
}
kept-for-ever = for ever
kept-no-policy = no retention is configured
kept-newest-good = the newest good one
kept-none-is-good = damaged, but there is no good one
kept-awaits-copy = until its copy in the next tier is made
kept-member-of-set = part of a set that is kept
kept-tier-not-kept = this tier is not kept
kept-brake = too old, and goes with one of the next runs
kept-from-the-future = taken in the future: the clock has jumped
kept-clock-jumped = the clock has jumped: nothing is deleted
kept-clock-in-doubt = the clock is not trusted: nothing is deleted
unusable = Not usable
foreign = made by another sidecar
health-never = Not verified
health-verified = Verified { $day }
health-damaged = Damaged
health-unclear = Unclear
tier-daily = daily
tier-weekly = weekly
tier-monthly = monthly
tier-yearly = yearly
raw-size = Size
stored-size = In the store
added-size = Added to the store
is-encrypted = encrypted
format = Format
copies = Copies
verify = Verify
done-with-it = What was done with it
inside = Inside
inside-whole = To list what is inside, all of this backup has to be read.
inside-partial = This is a part of it: the backup is no archive that can be listed, or too large for it.
look-inside = Look inside
folders = Folders
folder-top = Top
folder-open = Open { $name }
open = Open
download-of = Download { $name }
search = Search
search-button = Find
parts = What is inside
parts-found = { $count ->
    [one] { $count } match
   *[other] { $count } matches
}
restore = Restore
restore-ticked = Restore what is ticked, or all
download-all = Download all
download-ticked = Download what is ticked, or all

## Restoring
needs-restore = Restoring needs a token of the scope “restore”.
steps = Steps
step-what = What
step-where = Where
step-read = Read and confirm
restore-what-title = What should come back?
restore-parts = Parts; none ticked means all
restore-members = Nothing ticked means all of the set.
restore-member = All of { $name }
restore-files = Files
restore-files-help = Paths or patterns, such as uploads/** or *.txt, with blanks between them. Left empty: everything.
restore-files-help-more = More paths or patterns beside what is ticked, with blanks between them.
restore-files-help-set = What comes before the first slash is the strategy: uploads/docs/**. Left empty: everything.
restore-where-title = Where should it come back to?
restore-where-legend = Where to
restore-all = All of it.
restore-chosen = Chosen:
to-new-names = Beside what is there, under new names
to-new-names-help = What is there stays as it is.
new-name-of = New name of { $name }
to-target = Another place
to-target-help = A place that the configuration lists under restore.targets.
target = Place
to-original = Where it came from, if nothing is there
to-original-help = Stops before it changes anything where something of the same name exists. Command lines of your own have to look for that themselves.
to-replace = Where it came from, replacing what is there
to-replace-help = What is there under the same names is lost. You will be asked to type the name.
no-targets = No other places are configured (restore.targets): a place that only the command line names needs “sidecar restore --into”.
targets-of-several = Another place takes one strategy at a time: to use one, choose a single strategy before this step.
restore-read-title = Read what will happen
restore-reads = { $size } will be read from the backup and compared before anything is touched.
target-new = new
target-replaced = exists: will be REPLACED
target-exists = exists: the restore stops before it changes anything
target-unknown = It is not known what is there already:
restore-server = Restores to { $server }
into-target = Into { $name }
into-original = Where it came from; stops if something is there
into-original-unseen = Where it came from
target-unseen = The commands below decide whether they stop at what is there already, or write over it: read them.
into-original-replacing = Where it came from: what is there is REPLACED
into-new-names = Beside what is there, under new names
into-directory = Into the directory
restore-steps = What happens, in this order
restore-commands = Commands that run
restore-type = Type “{ $name }” to replace it
restore-replace = Replace { $name }
restore-now = Restore now
restore-not-read = Nothing was restored yet: read first what will happen, then confirm it here.
restore-plan-changed = What would happen has changed since you read it. Nothing was restored: read it again.
restore-not-typed = The name that you typed is another one. Nothing was restored.

## Drills
drills-about = A drill restores the latest backup into a scratch place and checks it there: only a backup that came back once is known to come back.
drill-never = never drilled
drill-failed = Drill failed
drill-failed-at = Drill failed on { $time }
drill-passed = proven on { $time }
drill-proven = Proven
drill-proven-at = The last one that passed:
drill-not-configured = No drill is configured: add “drill:” with a scratch place (into) and checks, and a cron to have it done by itself.
drill-now = Run a drill now
drill-now-of = Run a drill of { $name } now
drill-runs = Drills so far
drills-empty = No drill has run yet.

## Sidecar
strategies = What is backed up
strategy = Strategy
schedule = Schedule
retention = Kept
retention-none = everything, for ever
for-days = { $days ->
    [one] { $days } day
   *[other] { $days } days
}
the-last = { $count ->
    [one] the last one
   *[other] the last { $count }
}
for-ever = for ever
store-answers = Answers
store-not-asked = Not asked yet
store-backups = { $count ->
    [one] { $count } good backup
   *[other] { $count } good backups
}
restore-targets = Other places for restores
modules = Modules, and what they may touch
modules-about = A module sees only what it asks for and the configuration allows.
built-in = built in
modules-known = Modules that can be used
module-backup = For a backup
module-restore = For a restore
module-nothing = It asks for nothing.
configuration = Configuration in force
configuration-about = “***” stands in place of secrets and of what variables hold.
configuration-show = Show it
audit = Who asked for what
audit-empty = Nothing was asked for yet.
audit-times = { $times } times since { $since }
column-who = Token
column-operation = Asked
column-outcome = Outcome

## Fleet
fleet-need-you = { $count ->
    [0] None of { $all } needs you
    [one] 1 of { $all } needs you
   *[other] { $count } of { $all } need you
}
fleet-asking = { $count ->
    [one] 1 sidecar is being asked
   *[other] { $count } sidecars are being asked
}
fleet-being-asked = Being asked
fleet-no-status = It does not say how it stands:
fleet-doubt = What it says cannot be taken as it stands:
doubt = In doubt
doubt-clock-differs = Clock differs
doubt-no-members = Nothing said
doubt-state-unclear = State not known
fleet-last-known = Last known: { $state }, { $time }
fleet-never-drilled = never drilled: { $names }
fleet-warned = with warnings: { $names }
no-answer-wrong-token = Token refused
no-answer-too-many-bad-tokens = Token refused
no-answer-no-status = No status
filter-count = { $word } ({ $count })
sidecars = Sidecars
column-sidecar = Sidecar
column-why = Why
column-last-good = Last good backup

## What failed
failure-not-found = There is no such thing
failure-conflict = Not now
failure-forbidden = Not allowed
failure-other = That did not work
