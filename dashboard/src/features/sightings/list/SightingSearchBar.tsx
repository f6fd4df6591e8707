import { Button, Collapse } from '@mantine/core';
import { IconCar, IconEqual, IconZoomQuestion } from '@tabler/icons-react';
import { type ReactNode, useId, useState } from 'react';

import { type SightingSearch, vehicleFacts } from '../search';
import { PlateSearch } from './PlateSearch';
import classes from './SightingSearchBar.module.css';
import { VehicleFilter } from './VehicleFilter';

interface SightingSearchBarProps {
  search: SightingSearch;
  onSearch: (search: SightingSearch) => void;
  /** What stands before the fields. */
  children: ReactNode;
}

/** The head of the list: a field for a plate, and those for a vehicle, folded away until wanted. */
export function SightingSearchBar({ search, onSearch, children }: SightingSearchBarProps) {
  const { plate, vehicle_type, vehicle_color, vehicle_make } = search;
  const vehicle = { vehicle_type, vehicle_color, vehicle_make };
  const asked = vehicleFacts(vehicle);
  const [isOpen, setIsOpen] = useState(asked > 0);
  const panelId = useId();
  return (
    <>
      <header className={classes.header}>
        {children}
        <div className={classes.fields}>
          <div className={classes.plate}>
            <PlateSearch
              plate={plate}
              onSearch={(text) => {
                onSearch({ ...search, plate: text });
              }}
            />
          </div>
          {plate !== '' && (
            <Button
              variant={search.match === 'similar' ? 'filled' : 'default'}
              className={classes.toggle ?? ''}
              aria-pressed={search.match === 'similar'}
              leftSection={<IconEqual size={18} aria-hidden="true" />}
              onClick={() => {
                onSearch({ ...search, match: search.match === 'similar' ? 'part' : 'similar' });
              }}
            >
              Look-alikes
            </Button>
          )}
          <Button
            variant={asked > 0 ? 'filled' : 'default'}
            className={classes.toggle ?? ''}
            aria-expanded={isOpen}
            aria-controls={panelId}
            leftSection={<IconCar size={18} aria-hidden="true" />}
            onClick={() => {
              setIsOpen(!isOpen);
            }}
          >
            {asked > 0 ? `Vehicle (${asked})` : 'Vehicle'}
          </Button>
          <Button
            variant={search.unsure ? 'filled' : 'default'}
            className={classes.toggle ?? ''}
            aria-pressed={search.unsure}
            title="Only readings that are unsure and that nobody confirmed"
            leftSection={<IconZoomQuestion size={18} aria-hidden="true" />}
            onClick={() => {
              onSearch({ ...search, unsure: !search.unsure });
            }}
          >
            Unsure
          </Button>
        </div>
      </header>
      <Collapse expanded={isOpen} id={panelId}>
        <VehicleFilter
          vehicle={vehicle}
          onSearch={(vehicle) => {
            onSearch({ ...search, ...vehicle });
          }}
        />
      </Collapse>
    </>
  );
}
