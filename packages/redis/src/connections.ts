// How the gateway's nodes tell each other things: Socket.IO's sharded adapter on two connections, in the shape that it takes from node-redis.
// Subscribing never fails here: it is done again by itself after every break, and who publishes while Redis is away is refused at once.
import { createShardedAdapter } from '@socket.io/redis-adapter';
import { Link, type RedisOptions } from './link.ts';

type Handler = (message: Buffer, channel: Buffer) => void;

/** What the adapter uses of a client. */
interface NodeClient {
  sSubscribe(channel: string, handler: Handler): Promise<void>;
  sUnsubscribe(channel: string | readonly string[]): Promise<void>;
  sPublish(channel: string, message: string | Uint8Array): Promise<unknown>;
  sendCommand(command: readonly string[]): Promise<unknown>;
}

export interface RedisConnections {
  /** For Socket.IO's server: a channel for all nodes, one for each node's answers, and one per room with sockets there. */
  readonly adapter: ReturnType<typeof createShardedAdapter>;
  /** Channels that somebody is subscribed to. */
  channels(): Promise<readonly string[]>;
  /** What is wrong now, in words. */
  problems(): readonly string[];
  close(): Promise<void>;
}

export function createRedisConnections({ url, keyPrefix = 'parley:', clock, logger }: RedisOptions): RedisConnections {
  const handlers = new Map<string, Handler>();
  const pub = new Link({ url, name: 'nodes', clock, logger });
  const quietly = (work: Promise<unknown>): void => {
    // Refused only when the connection breaks, and then everything is subscribed anew.
    work.catch((error: unknown) => logger.debug({ err: error }, 'a channel of the nodes is subscribed later'));
  };
  const sub: Link = new Link({
    url,
    name: 'nodes-sub',
    clock,
    logger,
    onReady: () => {
      if (handlers.size > 0) quietly(sub.client.ssubscribe(...handlers.keys()));
    },
  });
  sub.client.on('smessageBuffer', (channel: Buffer, message: Buffer) => handlers.get(channel.toString())?.(message, channel));

  const client: NodeClient = {
    sSubscribe: async (channel, handler) => {
      handlers.set(channel, handler);
      if (sub.isReady()) quietly(sub.client.ssubscribe(channel));
    },
    sUnsubscribe: async (channel) => {
      const channels = [channel].flat();
      for (const one of channels) handlers.delete(one);
      if (sub.isReady() && channels.length > 0) quietly(sub.client.sunsubscribe(...channels));
    },
    sPublish: (channel, message) => pub.call('tell the other nodes', (redis) => redis.spublish(channel, message as Buffer)),
    sendCommand: ([name = '', ...args]) => pub.call('ask about the other nodes', (redis) => redis.call(name, ...args)),
  };
  return {
    adapter: createShardedAdapter(client, client, { channelPrefix: `${keyPrefix}nodes`, subscriptionMode: 'dynamic' }),
    channels: () => pub.call('ask about the other nodes', (redis) => redis.call('PUBSUB', 'SHARDCHANNELS', `${keyPrefix}nodes*`)) as Promise<string[]>,
    problems: () => [...pub.problems(), ...sub.problems()].slice(0, 1),
    close: async () => {
      pub.close();
      sub.close();
    },
  };
}
