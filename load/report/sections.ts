// The sections of docs/performance.md: in which order the parts of the bench stand there, under which heading, and what was done.

export interface Section {
  readonly part: string;
  readonly title: string;
  readonly about: string;
}

const SECTIONS: readonly Section[] = [
  {
    part: 'gateway',
    title: "The gateway's own path",
    about:
      'Committed events are put into the feed, so that only the gateway works. Each target takes its turn in every repeat; CPU is that of the server alone.',
  },
  { part: 'idle', title: 'Idle sockets', about: '10,000 sockets that are signed in and silent. The bare servers sign nobody in.' },
  {
    part: 'path',
    title: 'The whole path, one process',
    about: 'Sent by a socket, appended to the log, committed with fsync, delivered to every socket of a room of 50, at 200 messages/s.',
  },
  {
    part: 'cluster',
    title: 'The whole path, cluster',
    about:
      'The same over 2 gateways x 2 workers and all services on real engines, on the same two cores, every record flushed to the disk before it is acknowledged, by both Kafka clients.',
  },
  { part: 'hot', title: 'One hot room', about: 'As much as one room takes, delivered whole to 200 members; every event of every member is counted.' },
  { part: 'wide', title: 'One room of a thousand', about: 'The rate rises until something gives; every delivery is durable and without a gap.' },
  {
    part: 'commit',
    title: 'The commit',
    about: 'Load, decide, write of the real service on a real Postgres with fsync; CPU is that of the worker, without Postgres.',
  },
  {
    part: 'storm',
    title: 'Everybody back at once',
    about: 'Thousands of sockets are cut in one moment; each comes back and is complete when it has every event.',
  },
  { part: 'scaling', title: 'Twice and four times as much', about: 'Members, rooms and workers grow at equal load per core: is the cost of a delivery flat?' },
  { part: 'start', title: 'Start and idle memory', about: 'The one process with its Postgres, on an empty folder and again.' },
  { part: 'feed', title: 'The feed on Redis', about: 'Two other processes listen to 500 rooms each.' },
  { part: 'log', title: 'The log in Kafka', about: 'One broker, each record flushed to the disk before it is acknowledged.' },
];

/** Those that were kept, in the page's order; a part without a section of its own comes last. */
export function sectionsOf(parts: readonly string[]): readonly Section[] {
  const known = SECTIONS.filter(({ part }) => parts.includes(part));
  const others = parts.filter((part) => !SECTIONS.some((section) => section.part === part)).toSorted();
  return [...known, ...others.map((part) => ({ part, title: part, about: '' }))];
}
