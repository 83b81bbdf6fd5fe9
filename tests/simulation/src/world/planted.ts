// Where the code under test can be broken on purpose: every port that it holds can be wrapped. Unbroken by default.

import type { Store } from '@parley/messages/memory';
import type { Clock, EventLog, Feed } from '@parley/ports';
import type { InternalClient } from '@parley/runtime';
import type { Life } from './life.ts';

export interface Planted {
  /** The log as gateways see it. */
  gatewayLog(log: EventLog, world: Clock): EventLog;
  gatewayFeed(feed: Feed): Feed;
  workerFeed(feed: Feed): Feed;
  store(store: Store, around: { readonly feed: Feed; readonly life: Life; readonly world: Clock }): Store;
  /** What messages answers to gateways. */
  internal(client: InternalClient): InternalClient;
}

export const NOTHING_PLANTED: Planted = {
  gatewayLog: (log) => log,
  gatewayFeed: (feed) => feed,
  workerFeed: (feed) => feed,
  store: (store) => store,
  internal: (client) => client,
};
