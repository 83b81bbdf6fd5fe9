// Every limit of the wire in one place: a limit that is not here does not exist. Units are last in the name.

export const LIMITS = {
  /** Version of the socket protocol; the handshake names it. */
  protocolVersion: 1,
  /** One message's text, in UTF-8 bytes (OWASP: 64 KiB a frame; a message is a quarter of it). */
  messageBytes: 16_384,
  /** One WebSocket frame from a client; a larger one closes the socket (1009), as ws does it. */
  frameBytes: 65_536,
  /** Files of one message. */
  attachments: 10,
  fileNameChars: 200,
  mediaTypeChars: 100,
  /** One HTTP body. */
  bodyBytes: 1_048_576,
  /** JSON nesting: deeper input is refused before anything recurses over it. */
  jsonDepth: 32,
  roomNameChars: 80,
  roomTopicChars: 500,
  handleChars: 32,
  displayNameChars: 64,
  passwordChars: 200,
  passwordCharsMin: 8,
  emojiChars: 32,
  /** Kinds of reaction on one message. */
  reactionKinds: 50,
  stateKeyChars: 120,
  /** One value of the user's state, as JSON. */
  stateValueBytes: 16_384,
  /** Names of `pref:` keys that one user may ever have written. */
  prefKeys: 500,
  /** Rooms that one resume may name. */
  resumeRooms: 2_000,
  /** A client further behind than this gets `reset` instead of the events. */
  resumeEvents: 1_000,
  historyPage: 200,
  eventsPage: 500,
  peoplePage: 200,
  membersPage: 1_000,
  importBatch: 500,
  /** Unread counts stop here ("1000+"). */
  unread: 1_000,
  /** People whose presence one socket may watch. */
  watchedPeople: 1_000,
} as const;
