// Adding people to a room: by name, or by a link for those who are asked elsewhere.
import { useState } from 'react';
import type { Person, RoomState } from '../model/shapes.ts';
import { useParley } from '../state/client.tsx';
import { CopyLine } from '../ui/copy-line.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { ProblemNote } from '../ui/field.tsx';
import { PeoplePicker } from '../ui/people-picker.tsx';

const WEEK_MS = 7 * 24 * 3_600_000;

export function AddPeopleDialog({ room, onClose }: { room: RoomState; onClose: () => void }) {
  const parley = useParley();
  const [picked, setPicked] = useState<ReadonlyMap<string, Person>>(new Map());
  const [code, setCode] = useState<string | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  const handle = parley.room(room.id);
  const toggle = (person: Person) => {
    const next = new Map(picked);
    if (!next.delete(person.id)) next.set(person.id, person);
    setPicked(next);
  };
  const add = () => handle.add([...picked.keys()]).then(onClose, setProblem);
  const makeLink = () => handle.invite({ uses: 25, expiresInMs: WEEK_MS }).then((made) => setCode(made.code), setProblem);
  return (
    <Dialog title="Add people" onClose={onClose}>
      <PeoplePicker label="Who" picked={new Set(picked.keys())} without={new Set(room.members?.keys())} onPick={toggle} />
      {picked.size > 0 && <p className="aside">{[...picked.values()].map((person) => person.name).join(', ')}</p>}
      {code !== null && <CopyLine label="Link into this room" value={`${location.origin}/join/${code}`} hint="For 25 people, within a week." />}
      <ProblemNote problem={problem} />
      <div className="dialog-foot">
        {code === null && (
          <button type="button" className="button" onClick={makeLink}>
            Make a link
          </button>
        )}
        <button type="button" className="button primary" disabled={picked.size === 0} onClick={add}>
          {picked.size > 1 ? `Add ${picked.size} people` : 'Add'}
        </button>
      </div>
    </Dialog>
  );
}
