/*
 * The protocol before: each process mirrors a log of the whole fleet and remembers its own writes.
 * Kept so that the model of the new one is known to be strong enough: it must find here what was
 * measured with real servers.
 *
 *   -DFAULT=1  data in the store: a process answers with its own revision, older than the cookie
 *   -DFAULT=2  a failover: the new master lacks an entry, the cursor is a bare number
 *   -DFAULT=6  a store without conditional writes: a write in flight over an end
 */
#ifndef FAULT
#define FAULT 1
#endif

byte revision = 1;        /* the session's key in the store */
bool tombstone = false;   /* ... or its end */
bool ended = false;       /* an end was acknowledged */

#if FAULT == 1
byte remembered[2];       /* what each process wrote itself */
byte cookie = 1;          /* what the browser has */

proctype Process(byte me) {
  byte seen;
  do
  :: atomic { /* a change, on top of what is newest */
       revision < 4 -> revision++; remembered[me] = revision; cookie = revision }
  :: atomic { /* a read: the own memory first */
       if
       :: remembered[me] > 0 -> seen = remembered[me]
       :: else -> seen = revision
       fi;
       assert(seen >= cookie) }
  :: break
  od
}
init { atomic { run Process(0); run Process(1) } }
#endif

#if FAULT == 2
byte logged = 0;          /* entries of the master's log */
byte replicated = 0;      /* ... of its replica's */
byte cursor = 0;          /* how far a bystander has read */
bool known[4];            /* the entries that it knows, by what they end */
byte entry[4];            /* entry n of the current master ends session entry[n] */
byte next = 0;
bool failed = false;

active proctype Writer() {
  do
  :: atomic { next < 3 -> entry[logged] = next; logged++; next++ }
  :: atomic { replicated < logged && !failed -> replicated++ }
  :: atomic { !failed -> logged = replicated; failed = true }   /* the replica is promoted */
  :: break
  od
}
active proctype Bystander() {
  byte at;
  do
  :: atomic { cursor < logged ->
       known[entry[cursor]] = true; cursor++ }
  :: atomic { failed && cursor >= logged && logged > 0 ->
       /* all was read, so what the new master acknowledged is known */
       assert(known[entry[logged - 1]]); break }
  :: timeout -> break
  od
}
#endif

#if FAULT == 6
proctype Writing() {
  bool isFree;
  isFree = !tombstone;                  /* get */
  if
  :: isFree -> tombstone = false; revision++   /* set, over whatever is there now */
  :: else
  fi
}
proctype Ending() { tombstone = true; ended = true }
init {
  atomic { run Writing(); run Ending() }
  (_nr_pr == 1) -> assert(!ended || tombstone)
}
#endif
