import { Button } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconCheck } from '@tabler/icons-react';

import { type Sighting, shownPlate } from '@/domain/sighting';

import { useCorrection } from './sightings';

/** Says of an unsure reading that it is right, after which it counts like a sure one. */
export function ConfirmReading({ sighting }: { sighting: Sighting }) {
  const { mutate, isPending } = useCorrection(sighting.id);
  return (
    <Button
      variant="default"
      leftSection={<IconCheck size={17} />}
      loading={isPending}
      onClick={() => {
        mutate(
          { is_unsure: false },
          {
            onError: (error) => {
              notifications.show({
                color: 'red',
                title: 'Not confirmed',
                message: error.message,
              });
            },
          },
        );
      }}
    >
      {shownPlate(sighting)} is right
    </Button>
  );
}
