// Follows each command from its first invoke: attempts, refusals, results. Two results of one command are told at once.
import { type CommandResult, ERRORS, type ErrorBody, type MemberCommand } from '@parley/protocol';
import { type ClientTrack, type Command, commandKey, type Observed, trackOf } from './observed.ts';

export function invoked(observed: Observed, client: ClientTrack, asked: MemberCommand, t: number): void {
  const key = commandKey(asked.room, client.user, asked.clientId);
  let command = observed.commands.get(key);
  if (command === undefined) {
    command = {
      room: asked.room,
      author: client.user,
      clientId: asked.clientId,
      client: client.client,
      asked: [asked],
      invokedAt: t,
      acceptedAt: null,
      attempts: 0,
      refused: 0,
      sent: null,
      committedSeq: null,
      rejectedCode: null,
    };
    observed.commands.set(key, command);
    observed.counts.commands++;
  } else if (!command.asked.some((one) => JSON.stringify(one) === JSON.stringify(asked))) command.asked.push(asked);
  command.attempts++;
  if (command.sent === null) {
    command.sent = { command, void: false };
    trackOf(client, asked.room).sent.push(command.sent);
  }
}

export function refused(command: Command | undefined, error: ErrorBody): void {
  if (command === undefined || ERRORS[error.code].outcome !== 'refused') return;
  command.refused++;
  // A refusal is certain and was told: it ends the command's place in the order, unless an earlier try may have been taken.
  if (command.sent === null || command.refused < command.attempts) return;
  command.sent.void = true;
  command.sent = null;
}

export function resulted(observed: Observed, client: ClientTrack, result: CommandResult, t: number): void {
  const command = observed.commands.get(commandKey(result.room, client.user, result.clientId));
  if (command === undefined || (result.code === 'client_id_reused' && command.asked.length > 1)) return;
  const where = { room: result.room, client: client.client, user: client.user, at: t };
  const other = result.status === 'committed' ? command.rejectedCode : command.committedSeq;
  if (other !== null) observed.violate({ invariant: 'I1', message: `Command ${result.clientId} was both committed and rejected.`, ...where });
  if (result.status === 'rejected') {
    command.rejectedCode = result.code ?? 'unknown';
    return;
  }
  const seq = result.seq ?? -1;
  if (command.committedSeq !== null && command.committedSeq !== seq) {
    observed.violate({ invariant: 'I1', message: `Command ${result.clientId} has two results: seq ${command.committedSeq} and seq ${seq}.`, ...where });
  }
  command.committedSeq = seq;
}
