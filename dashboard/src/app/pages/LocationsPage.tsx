import { Page } from '@/components/Page';
import { LocationsSection } from '@/features/locations/LocationsSection';
import { ServerSection } from '@/features/locations/ServerSection';

/** The time zones of the server and of each location. */
export function LocationsPage() {
  return (
    <Page title="Locations">
      <ServerSection />
      <LocationsSection />
    </Page>
  );
}
