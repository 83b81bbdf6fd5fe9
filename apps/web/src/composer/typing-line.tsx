// Who is typing now. The line keeps its height, so that nothing jumps when somebody starts.
import { listNames, personName } from '../model/names.ts';
import type { RoomState } from '../model/shapes.ts';
import { useClient, useKnownPeople } from '../state/client.tsx';

/** More than this are "several people". */
const NAMED = 3;

export function TypingLine({ room }: { room: RoomState }) {
  const { typing } = room;
  const names = useClient((state) =>
    typing.length > NAMED
      ? 'Several people'
      : listNames(
          typing.map((id) => personName(state.people, id)),
          NAMED,
        ),
  );
  useKnownPeople(typing);
  return (
    <span className="truncate" role="status" aria-live="off" data-testid="typing">
      {typing.length > 0 && (
        <>
          <span className="dots" aria-hidden="true">
            <i />
            <i />
            <i />
          </span>
          {names} {typing.length === 1 ? 'is' : 'are'} typing
        </>
      )}
    </span>
  );
}
