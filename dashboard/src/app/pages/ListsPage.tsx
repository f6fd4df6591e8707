import { useHasRight } from '@/api/rights';
import { Page } from '@/components/Page';
import { ImportsSection } from '@/features/watchlists/ImportsSection';
import { WatchlistsSection } from '@/features/watchlists/WatchlistsSection';

/** The lists of plates, and what became of the files that were imported into them. */
export function ListsPage() {
  const isManager = useHasRight('manage');
  return (
    <Page title="Lists">
      <WatchlistsSection />
      {isManager && <ImportsSection />}
    </Page>
  );
}
