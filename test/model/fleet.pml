/*
 * Two processes, a store, a browser that may keep the older of two cookies, a socket, messages that
 * are lost, doubled or late. See "Fleet" in docs/architecture.md.
 *
 * Time is the number of the second: an answer that was asked for in second t is used in t alone, so
 * "later than the promised second" is a use in t + 1.
 *
 *   -DATOMIC=1  a store with conditional writes; 0 is one of Keyv's kind, where every request asks
 */
#ifndef ATOMIC
#define ATOMIC 1
#endif
#define LAST 2            /* revisions */
#define SECONDS 2

/* The store: the session's key, the key of its end, and the count of its user's revocations. */
byte revision = 1;
bool tombstone = false;
bool end = false;
byte epoch = 0;

/* What was acknowledged. */
bool ended = false;       byte endedAt = 0;
bool revoked = false;     byte revokedAt = 0;
byte changes = 0;         /* acknowledged changes */
byte merged = 1;          /* revisions that contain all of them */

byte second = 0;
byte cookie = 1;          /* what the browser keeps */
byte older = 1;           /* the other answer's cookie */
byte carried = 0;         /* the count that the session carries */
bool accepted = false;

/* What a process remembers of its last question. */
byte askedAt[2];          /* second + 1; 0 is never */
byte answer[2];
bool answerEnd[2];
byte answerEpoch[2];

/* The socket is held by process 1. */
bool isOpen = true;
bool isFollowing = false;
byte socketRev = 1;
chan bucket = [1] of { byte };   /* a hint that something happened, never data */

/* Asks for all keys in one round trip, which is no snapshot: the reads are separate steps. */
inline ask(me) {
  askedAt[me] = second + 1;
  answer[me] = (tombstone -> 0 : revision);
  answerEnd[me] = end || tombstone;
  answerEpoch[me] = epoch
}
inline askInSteps(me) {
  askedAt[me] = second + 1;
  answer[me] = (tombstone -> 0 : revision); answerEnd[me] = tombstone;
  answerEnd[me] = answerEnd[me] || end;
  answerEpoch[me] = epoch
}

inline tell() {
  if
  :: bucket!1                             /* sent */
  :: bucket!1; bucket!1                   /* doubled, and late */
  :: skip                                 /* lost */
  fi
}

proctype Request(byte me) {
  byte mine, base; bool ok;
  /* The browser may have kept the older of two answers' cookies. */
  if :: mine = cookie :: mine = older fi;
  /* A request remembers nothing with a store that cannot compare. */
  if
  :: atomic { ATOMIC && askedAt[me] == second + 1 && (answerEnd[me] || answer[me] >= mine) ->
       assert(answerEnd[me] || !ended || endedAt + 1 >= second) }
  :: else -> askInSteps(me)
  fi;
  atomic {
    ok = !answerEnd[me] && answerEpoch[me] <= carried && answer[me] >= mine;
    if
    :: ok ->
       /* accepted in the second in which it was asked, or the answer was under way since then */
       assert(!(ended && endedAt + 1 < askedAt[me]));
       assert(!(revoked && revokedAt + 1 < askedAt[me]));
       assert(answer[me] >= mine);
       base = answer[me]
    :: else ->
       /* ... and a session that goes on is not refused */
       assert(!ATOMIC || end || tombstone || epoch > carried)
    fi
  };
  if
  :: ok && base < LAST ->
     /* a change, written on what was read; merged and tried again where another was faster */
#if ATOMIC
     do
     :: atomic { tombstone -> ok = false; break }
     :: atomic { !tombstone && revision > base -> base = revision }
     :: atomic { !tombstone && revision <= base && base < LAST ->
          revision = base + 1; changes++; merged = revision;
          askedAt[me] = second + 1; answer[me] = revision; answerEnd[me] = false;
          older = cookie; cookie = revision; break }
     :: atomic { base >= LAST -> ok = false; break }
     od;
#else
     atomic { base = revision; ok = !tombstone };        /* get */
     if :: ok && base < LAST -> atomic { tombstone = false; revision = base + 1 }  /* set, blindly */
        :: else -> ok = false fi;
     if :: ok -> if :: end -> ok = false                 /* the end, looked at after the write */
                    :: else -> atomic { older = cookie; cookie = revision } fi
        :: else fi;
#endif
     if :: ok -> tell() :: else fi
  :: else
  fi
}

proctype Logout(byte me) {
  /* Two writes, in either order; acknowledged after both. */
  if
  :: end = true; tombstone = true
  :: tombstone = true; end = true
  fi;
  atomic { ended = true; endedAt = second; answerEnd[me] = true; askedAt[me] = second + 1 };
  tell()
}

proctype RevokeAll(byte me) {
  atomic { epoch++; };
  atomic { revoked = true; revokedAt = second; answerEpoch[me] = epoch };
  tell()
}

/* Follows its bucket, then asks: what happened since it was accepted is not missed. */
proctype Socket() {
  isFollowing = true;
  do
  :: atomic { bucket?_ -> ask(1) ;
       if :: answerEnd[1] || answerEpoch[1] > carried -> isOpen = false
          :: else -> if :: answer[1] > socketRev -> socketRev = answer[1] :: else fi fi }
  :: atomic { timeout ->                 /* asks from time to time, since messages can be lost */
       ask(1);
       if :: answerEnd[1] || answerEpoch[1] > carried -> isOpen = false
          :: else -> socketRev = answer[1] fi;
       break }
  od
}

proctype Clock() { do :: atomic { second < SECONDS -> second++ } :: break od }

init {
  atomic {
    run Request(0); run Request(1); run Socket(); run Clock();
    if :: run Logout(0) :: run RevokeAll(0) :: run Request(0) fi
  };
  (_nr_pr == 1);
  /* Nobody brings a session back: whoever asks now is told. */
  ask(0);
  assert(!ended || answerEnd[0]);
  assert(!revoked || answerEpoch[0] > carried);
  /* A socket of an ended session is closed, and one of a session that goes on is up to date. */
  assert(!(ended || revoked) || !isOpen);
#if ATOMIC
  assert(ended || revision == 1 + changes);    /* no acknowledged change is lost */
#endif
}
