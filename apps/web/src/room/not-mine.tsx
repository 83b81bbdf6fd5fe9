// An address of a room that is not mine: a public channel that can be joined, or nothing that I may see.
import { ArrowLeft, Hash } from 'lucide-react';
import { useEffect, useState } from 'react';
import type { PublicRoom } from '../model/shapes.ts';
import { useParley } from '../state/client.tsx';
import { goBack, pathTo } from '../state/router.ts';
import { ProblemNote } from '../ui/field.tsx';
import { IconButton } from '../ui/icon-button.tsx';

export function NotMine({ room, waiting }: { room: string; waiting: boolean }) {
  const parley = useParley();
  const [found, setFound] = useState<PublicRoom | null | undefined>(undefined);
  const [problem, setProblem] = useState<unknown>(null);
  useEffect(() => {
    if (waiting) return;
    let current = true;
    parley.publicRooms().then(
      (rooms) => current && setFound(rooms.find((one) => one.room === room) ?? null),
      (error) => current && setProblem(error),
    );
    return () => {
      current = false;
    };
  }, [parley, room, waiting]);
  return (
    <>
      <header className="bar">
        <IconButton className="back" label="Back to rooms" icon={ArrowLeft} size={20} onClick={() => goBack(pathTo.home)} />
        <h1>{found?.name ?? ''}</h1>
      </header>
      {!waiting && (
        <div className="empty">
          {found === null && (
            <>
              <h2>This room is not here for you</h2>
              <p>It may be private, or gone. Ask somebody in it for an invitation.</p>
            </>
          )}
          {found != null && (
            <>
              <Hash size={32} aria-hidden="true" />
              <h2>{found.name}</h2>
              <p>{found.topic === '' ? `${found.members} people are in this channel.` : found.topic}</p>
              <button type="button" className="button primary" onClick={() => parley.room(room).join().catch(setProblem)}>
                Join channel
              </button>
            </>
          )}
          <ProblemNote problem={problem} />
        </div>
      )}
    </>
  );
}
