import { Badge } from '@mantine/core';
import { IconListCheck } from '@tabler/icons-react';

import { Section, SectionLoading } from '@/components/Page';
import { EmptyState, ErrorState } from '@/components/States';

import classes from './sections.module.css';
import { useWatchlists, type Watchlist } from './watchlists';

const KIND_WORDS: Record<Watchlist['kind'], string> = {
  allow: 'Let in',
  deny: 'Keep out',
  watch: 'Report',
};

/** The lists of plates with their size. */
export function WatchlistsSection() {
  const lists = useWatchlists();
  return (
    <Section title="Lists of plates" {...(lists.data && { count: lists.data.length })}>
      {lists.isPending && <SectionLoading label="Loading the lists" />}
      {lists.isError && lists.data === undefined && (
        <ErrorState
          title="The lists could not be loaded"
          error={lists.error}
          onRetry={() => void lists.refetch()}
        />
      )}
      {lists.data?.length === 0 && (
        <EmptyState icon={<IconListCheck size={26} />} title="There is no list yet">
          Lists are made and filled over the API: see “Lists” in docs/access.md.
        </EmptyState>
      )}
      {lists.data !== undefined && lists.data.length > 0 && (
        <ul className={classes.list}>
          {lists.data.map((list) => (
            <ListRow key={list.id} list={list} />
          ))}
        </ul>
      )}
    </Section>
  );
}

function ListRow({ list: { name, kind, entries, enabled, note } }: { list: Watchlist }) {
  return (
    <li className={classes.row}>
      <div className={classes.words}>
        <span className={classes.name}>{name}</span>
        {note !== null && note !== '' && <span className={classes.note}>{note}</span>}
      </div>
      <span className={classes.facts}>
        {!enabled && <Badge color="gray">Off</Badge>}
        <span>{KIND_WORDS[kind]}</span>
        <span>{countOf(entries, 'entry', 'entries')}</span>
      </span>
    </li>
  );
}

/** "1 entry", "12,000 entries". */
function countOf(count: number, one: string, several: string): string {
  return `${count.toLocaleString()} ${count === 1 ? one : several}`;
}
