// Names that a client needs at run time, apart from the schemas: who bundles only these does not carry a validator along.

/** Sent with a load key to register and login: it makes sessions of class `load`. */
export const LOAD_KEY_HEADER = 'x-parley-load-key';

/** Keys of the user's state. */
export const stateKey = {
  room: (room: string) => `room:${room}`,
  read: (room: string) => `read:${room}`,
  mute: (room: string) => `mute:${room}`,
  draft: (room: string) => `draft:${room}`,
} as const;
