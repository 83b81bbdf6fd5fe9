// Writing to one person: pick them, and the one direct room with them opens.
import { useState } from 'react';
import { useParley } from '../state/client.tsx';
import { go, pathTo } from '../state/router.ts';
import { Dialog } from '../ui/dialog.tsx';
import { ProblemNote } from '../ui/field.tsx';
import { PeoplePicker } from '../ui/people-picker.tsx';

const NOBODY: ReadonlySet<string> = new Set();

export function StartDirectDialog({ onClose }: { onClose: () => void }) {
  const parley = useParley();
  const [problem, setProblem] = useState<unknown>(null);
  return (
    <Dialog title="New direct message" onClose={onClose}>
      <PeoplePicker
        label="To"
        picked={NOBODY}
        onPick={(person) => {
          parley.openDirect(person.id).then((changed) => {
            onClose();
            go(pathTo.room(changed.room));
          }, setProblem);
        }}
      />
      <ProblemNote problem={problem} />
    </Dialog>
  );
}
