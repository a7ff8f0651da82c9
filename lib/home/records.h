/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The records of one org: which table, which key, which members.  All values but event
 * bodies are JSON objects with "v": 1.  Times are milliseconds since 1970 UTC, ids texts.
 *
 * table "catalog"   what rules choose from
 *   <connection>    {tests[{id, title, duration_ms, labels[]}] (of a platform), stages[{name, id}]
 *                   (of an ATS), read_ms, sentence (why it could not be read), wanted_ms (an order
 *                   to read it; 0: none is under way)}
 *   <ats>/jobs      {jobs[{name, id}], read_ms, sentence, wanted_ms}
 * table "org"
 *   self            {name, public_url, alert_email[], retention_days (0, absent: kept until
 *                    somebody erases), created_ms}
 *   moves           {on, by, at_ms}   moving stages on scores; absent: as the document says
 *   roll            {made_ms}                        applications from before the roll are in it
 * set "connections" of ids; table "connection"
 *   <id>            {kind, settings{}, credentials{name: sealed}, hook, hook_url,
 *                    secrets[{sealed, name (12 hex), added_ms}], created_ms, changed_ms}
 * table "hook"
 *   <sha256 hex of the hook>   {connection}
 * table "rules"
 *   all             {rules[]}                        as in the apply document
 * table "health"
 *   <connection>    {last_event_ms, last_verified_ms, last_secret, last_probe{at_ms, signed,
 *                    reason}, last_refused{at_ms, reason}, refused, refused_since_ms and
 *                    refused_run (with nothing verified between), last_call_ms, last_ok_ms,
 *                    last_error{at_ms, sentence, detail}, denied (bool: red until a call works),
 *                    poll_refused{at_ms, sentence, detail} (until a poll is taken)}
 * series "event"    {connection, kind, name, fact, received_ms, occurred_ms, request_id, trust,
 *                    secret, state, identity, subject, summary, reason, headers{}, bytes,
 *                    replays, about[texts]}
 *                   state: waiting, done, duplicate, unknown, ignored
 * table "about"     of whom events speak (about.h)
 *   <sha256 hex of connection, "candidate:<id>" or "application:<id>">  {events[numbers, the last
 *                    500], gone (bool: what comes is kept without what it says)}
 * table "body"
 *   <event number>  raw bytes
 * table "seen"
 *   <sha256 hex of connection, identity>  {event}
 * table "once"      what may be ordered once only (plan_once)
 *   <sha256 hex of what>                  {at_ms}
 * table "partner"   assessments sent from within an ATS
 *   <our id>        {ats, platform (connections), desk (which partner key), test, application,
 *                    session (keys), sent_by, kept (sealed: what the adapter needs), created_ms,
 *                    told_ms (the last telling's stamp), erased}
 * table "partner-action"
 *   <our id>        number of the send_assessment, in decimal (no JSON)
 * table "application"
 *   <ats>:<id>      {ats (connection), application{...}, sessions[keys], schedules[keys],
 *                    partners[ids], current, erased, lapsed (erased because its time was up),
 *                    read_ms, events[numbers]}
 * series "roll"     {application (key)}   in the order in which they came; some may come twice
 * table "candidate"
 *   <sha256 hex of connection, candidate id>  {applications[keys]}
 * set "open-sessions" of keys; table "session"
 *   <platform>:<id> {platform (connection), session{...}, report_url (sealed), application
 *                    (key), also[keys of others that the same invitation serves], rule,
 *                    stage{id, name} in which it was sent, external, partners[ids],
 *                    state_at_ms, noted, written{state, at_ms}, looked_ms, polls (looks ordered
 *                    at a result in the making), unread (number of the look that waits for a
 *                    person, home/unread.h), events[numbers], messages[ids, for erasure],
 *                    foreign (bool: somebody else sent it)}
 * table "external"
 *   <our external id>  {application (key), platform, test, rule, stage, partner (id)}
 * table "invitee"
 *   <sha256 hex of platform:test, e-mail in lower case>  the same, and at_ms
 * table "report"
 *   <sha256 hex of token>  {session (key)}
 * set "open-actions", set "parked-actions", both of numbers; series "action"
 *                   {kind, connection, application (key), session (key), rule, with{}, state,
 *                    due_ms, attempts, tries[{at_ms, us, status, outcome, detail}] (last 20),
 *                    begun (bool: an attempt was under way), begun_ms, marker, sentence,
 *                    created_ms, done_ms, since_ms (a person tried again: patience starts anew),
 *                    lane (agenda.h; absent for the connection's own work), erased (with and
 *                    tries are empty)}
 *                   state: waiting, done, refused, parked
 *                   kind: backfill, deliver_event, list_jobs, list_stages, list_tests,
 *                         look_application, look_schedule, send_assessment, look_session,
 *                         write_note, move_stage, create_interview, edit_interview,
 *                         delete_interview, set_interview_link,
 *                         send_mail (with{to, subject, text, id}), tell_partner, sweep, add_link,
 *                         remove_link, tag_result, upload_report, schedule_interview,
 *                         unschedule_interview, erase_traces
 * table "answer"
 *   <number of an action>  {tries[{at_ms (as there), calls[] (bridge/heard.h)}] (last 3)}
 * set "open-interviews" of ids; table "interview"
 *   <id>            {platform, state (ready, made, cancelled, over), token_name, candidate_name,
 *                    candidate_email, interviewer_email, starts_ms, ends_ms, title, ats,
 *                    ats_interview, platform_id, url (sealed), created_ms, changed_ms,
 *                    sequence, by (key id); ordered by a rule: application (key), by (the
 *                    rule), timezone, slot (its id in the ATS's schedule)}
 * table "interview-platform"  whose a room is, so that two candidates never meet in one
 *   <sha256 hex of platform, its id there>  {interview}
 * table "schedule"  of an ATS, where ours belong to its interviews
 *   <ats>:<id>      {application (key), parts{id there: {interview}}}
 * table "room"
 *   <platform>:<its id>  {interview}
 * table "interview-token"
 *   <sha256 hex of token>  {interview}
 * table "consumer"  how one is doing; absent: well
 *   <connection>    {state (active, paused, disabled), sentence, since_ms, failures,
 *                    failing_since_ms, warned (percent), last_failed_ms, last_ok_ms, last_secret
 *                    (new, old)}
 * table "outgoing"
 *   <message id>    raw bytes of a delivery, as it is sent each time
 * set "held-deliveries" of keys; table "held"
 *   <connection>:<message id>  {connection, session, with{} (of the action), held_ms}
 * series "feed"     {session (key), at_ms}: the results feed; who changes moves to its end
 * table "feed-place"
 *   <session key>   decimal number in that series
 * table "backfill"  past results of a platform, read on connect
 *   <connection>    {state (running, stopped, done), tests[{id, title}], test (index), offset,
 *                    seen, added, started_ms, moved_ms, done_ms, sentence}
 * table "offered-interview"
 *   <sha256 hex of application key, platform>  {interview}
 * table "selection"
 *   <id>            {application (key), platform, rule, entry, stage{id, name}, state (open, sent,
 *                    over), made_ms; once sent: test, title, sent_ms}
 * table "selection-token"
 *   <sha256 hex of token>  {selection}
 * table "selection-action"
 *   <selection id>  number of the action that sends, decimal, no JSON
 * table "selections"
 *   <sha256 hex of application key, platform>  {ids[]} the last 50
 * table "vendor-hook"
 *   <connection>    {ids[] of webhooks that we made at the vendor, url, at_ms}
 * table "idempotency"
 *   <sha256 hex of key id, Idempotency-Key>  {request (digest), status, answer{}, at_ms}
 * series "used-keys"  {slot (key in it)}   in the order in which they are forgotten
 * set "alerts", set "untold-alerts" of keys; table "alert"
 *   <sha256 hex of topic, about>  {topic, about, connection, title, sentence, mark, state,
 *                    quiet (over: nobody is told), since_ms, changed_ms, untold_ms, count}
 *                   state: standing, over, news
 * table "alert-told"
 *   <the same key>  {to{address: {at_ms, state, mark, count, since_ms}}}
 * set "open-mails"    of numbers of actions send_mail; some of them are over
 * table "rhythm"
 *   <connection>    {first, last, weeks, longest, longest_at}   (bridge/rhythm.h)
 * table "fence"     changed by a rotation of the master key (keyring.h)
 *   key             {key (id)}
 * set "keys"; table "key"
 *   <id>            {digest, mark, scopes[], label, created_ms, expires_ms, not_before_ms,
 *                    revoked_ms, disabled, networks[], jobs[], by, changed_ms, of, next (ids)}
 * table "key-use"
 *   <id>            {count, last_ms, from, places[{from, last_ms, count}]}   what is newer lies
 *                    in <home>/run/key-use
 * table "credential"   how old credentials are and who brought them
 *   <connection>    {names{name: {added_ms, by}}}
 * set "people" of ids; table "person"     (also those of the host: its operators)
 *   <id>            {email, name, role, pass (scrypt), epoch, off, zone, totp (sealed), totp_new
 *                    (sealed), totp_step, codes[digests], created_ms, changed_ms, last_ms,
 *                    last_from}
 * table "person-email"
 *   <address in lower case>  {person}
 * set "invitations" of digests; table "invitation"
 *   <sha256 hex of token>  {email, role, by, person, reset, no_totp, created_ms, expires_ms}
 * set "visits" of digests; table "visit"
 *   <sha256 hex of the cookie>  {person, epoch, created_ms, seen_ms, from, agent}
 * set "broken-glass" of digests; table "glass"
 *   <sha256 hex of the host's cookie>  {who, reason, at_ms, until_ms}
 * table "count"
 *   <name>          {n}    repaired (the loss meter), erased (applications, sessions,
 *                          interviews), duplicates ...
 * table "place"
 *   inbox           {number}   last event of the inbox whose effects are in this store
 * table "cursor"
 *   sweep-<connection>  {at_ms, after (key of the last one, when more are to be looked at)}
 *   poll-<connection>   {at_ms, cursor (the adapter's)}
 *   pruned-events, pruned-actions, pruned-used-keys  {number}   all up to it are gone
 *   pruned          {at_ms}    when what was too old had gone
 */
#ifndef HOME_RECORDS_H
#define HOME_RECORDS_H

#include "door/json.h"
#include "home/home.h"

/* 1 and *value (the caller's), 0 absent, -1 broken (also: not JSON). */
int record_get(struct org *org, const char *table, const char *key, json_t **value,
               struct fail *why);
/* The same for a record that is read far more often than it changes, with what others were given:
 * *value is not to be changed; json_decref() gives it back. */
int record_share(struct org *org, const char *table, const char *key, json_t **value,
                 struct fail *why);
int record_series_get(struct org *org, const char *series, uint64_t number, json_t **value,
                      struct fail *why);
/* Adds "v" and puts it; value stays the caller's. */
void record_put(struct batch *b, const char *table, const char *key, json_t *value);
void record_series_put(struct batch *b, const char *series, uint64_t number, json_t *value);
void record_append(struct batch *b, const char *series, json_t *value, uint64_t *number);

/* Key of a token, hook or identity: 64 hex digits, the caller frees. */
char *record_digest(const char *a, const char *b);

#endif
