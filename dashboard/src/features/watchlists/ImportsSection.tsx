import { Button, Loader } from '@mantine/core';
import {
  IconAlertTriangle,
  IconCircleCheck,
  IconFileImport,
  IconPlugConnectedX,
} from '@tabler/icons-react';
import { type ReactNode, useId, useState } from 'react';

import { MAX_REFUSED_LINES } from '@/api/limits';
import { Section, SectionLoading } from '@/components/Page';
import { exactTime, RelativeTime } from '@/components/RelativeTime';
import { EmptyState, ErrorState } from '@/components/States';

import classes from './sections.module.css';
import { RefusedLines } from './RefusedLines';
import { type ListImport, useListImports } from './watchlists';

/** Every import of a file into a list, also those whose sender gave up waiting. */
export function ImportsSection() {
  const imports = useListImports();
  const items = imports.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Section title="Imports">
      {imports.isPending && <SectionLoading label="Loading the imports" />}
      {imports.isError && imports.data === undefined && (
        <ErrorState
          title="The imports could not be loaded"
          error={imports.error}
          onRetry={() => void imports.refetch()}
        />
      )}
      {imports.data !== undefined && items.length === 0 && (
        <EmptyState icon={<IconFileImport size={26} />} title="No file was imported yet">
          Each file that is sent into a list appears here, also while it is at work and when its
          sender no longer waits.
        </EmptyState>
      )}
      {items.length > 0 && (
        <ul className={classes.list}>
          {items.map((item) => (
            <ImportRow key={item.id} item={item} />
          ))}
        </ul>
      )}
      {imports.hasNextPage && (
        <div className={classes.more}>
          <Button
            variant="default"
            size="sm"
            loading={imports.isFetchingNextPage}
            onClick={() => void imports.fetchNextPage()}
          >
            {imports.isFetchNextPageError ? 'Loading failed. Try again' : 'Show older ones'}
          </Button>
        </div>
      )}
    </Section>
  );
}

const STATES: Record<ListImport['state'], { word: string; icon: ReactNode }> = {
  running: { word: 'Running', icon: <Loader size={15} color="gray" aria-hidden="true" /> },
  done: { word: 'Done', icon: <IconCircleCheck size={18} aria-hidden="true" /> },
  failed: { word: 'Nothing was changed', icon: <IconAlertTriangle size={18} aria-hidden="true" /> },
  interrupted: { word: 'Broken off', icon: <IconPlugConnectedX size={18} aria-hidden="true" /> },
};

function ImportRow({ item }: { item: ListImport }) {
  const [isOpen, setIsOpen] = useState(false);
  const panelId = useId();
  const { id, filename, watchlist, watchlist_id, mode, state, username, refused } = item;
  return (
    <li className={classes.import}>
      <div className={classes.head}>
        <span className={classes.file}>{filename}</span>
        <span className={classes.state} data-state={state}>
          {STATES[state].icon}
          {STATES[state].word}
        </span>
      </div>
      <p className={classes.note}>
        Into <strong>{watchlist}</strong>
        {mode === 'replace' && ', in place of all that it had'}
        {watchlist_id === null && ' (deleted since)'}
        {username !== null && ` · sent by ${username}`} · <RelativeTime iso={item.started_at} />
        {item.finished_at !== null && ` · took ${duration(item.started_at, item.finished_at)}`}
      </p>
      <p className={classes.outcome}>{outcomeOf(item)}</p>
      {refused > 0 && (
        <>
          <Button
            variant="default"
            size="compact-sm"
            aria-expanded={isOpen}
            aria-controls={panelId}
            className={classes.toggle ?? ''}
            onClick={() => {
              setIsOpen(!isOpen);
            }}
          >
            {isOpen ? 'Hide' : 'Show'} the refused lines
          </Button>
          <div id={panelId}>{isOpen && <RefusedLines importId={id} filename={filename} />}</div>
        </>
      )}
    </li>
  );
}

function outcomeOf({
  state,
  added,
  skipped,
  removed,
  refused,
  error,
  started_at,
}: ListImport): string {
  const number = (count: number): string => count.toLocaleString();
  switch (state) {
    case 'running':
      return added > 0
        ? `${number(added)} rows written so far. Until it is done, the list is as it was.`
        : 'The file is read. Until it is done, the list is as it was.';
    case 'done': {
      const parts = [
        `${number(added)} added`,
        skipped > 0 && `${number(skipped)} there already`,
        removed > 0 && `${number(removed)} replaced`,
      ];
      return parts.filter((part) => part !== false).join(' · ');
    }
    case 'interrupted':
      return `The server stopped while it was at work, begun ${exactTime(started_at)}. The list is as it was: send the file again.`;
    case 'failed':
      return refused > 0
        ? `${refused >= MAX_REFUSED_LINES ? 'At least ' : ''}${number(refused)} refused · 0 added. Mend these lines and send the whole file again.`
        : (error ?? 'The server does not say why.');
  }
}

/** "under 1 s", "14 s", "2 min". */
function duration(from: string, to: string): string {
  const seconds = Math.max(0, Date.parse(to) - Date.parse(from)) / 1000;
  if (seconds < 1) return 'under 1 s';
  return seconds < 100 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;
}
