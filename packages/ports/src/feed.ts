// Live distribution to the workers that are subscribed now. Never the truth: it may lose anything, and says when it knows that it did.

export interface FeedMessage {
  readonly channel: string;
  /** JSON that protocol's feed.ts describes; the same object may be handed to several subscribers: never change it. */
  readonly payload: unknown;
}

/** `tail`: keep the payload for `since`, as the one that ends at this position (room channels: the last event's seq, from the first's). */
export interface FeedPublish {
  readonly channel: string;
  readonly payload: unknown;
  readonly tail?: { readonly from: number; readonly to: number };
}

export interface Feed {
  /** In order per channel for one publisher. Rejects when it could not be handed over; the publisher then repeats from its position. */
  publish(messages: readonly FeedPublish[]): Promise<void>;
  /**
   * Resolves when what is published from now on will be handed to `listener`. `lost` is called when messages of any channel may
   * have been missed (reconnected, emptied): compare with the truth. One subscription per channel and subscriber. While the store is
   * away it resolves as well, within about a second, and `lost` is called once the channel is heard: until then there is only the truth.
   */
  subscribe(channel: string, listener: (message: FeedMessage) => void, lost: () => void): Promise<FeedSubscription>;
  /**
   * The channel's tail from position `after` + 1, contiguous, in order, or null when it is not there (too old, never kept, restarted).
   * Bounded by bytes and age.
   */
  since(channel: string, after: number): Promise<readonly unknown[] | null>;
}

export interface FeedSubscription {
  /** After it resolves the listener is not called again. */
  unsubscribe(): Promise<void>;
}
