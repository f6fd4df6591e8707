import { isTyped, type Sighting, shownPlate } from '@/domain/sighting';

import { CharacterConfidence, Confidence } from './Confidence';
import { PlateBadge } from './PlateBadge';
import classes from './ReadingCard.module.css';

/** One reading in full: the crop as the recognizer saw it, the text, and how sure each character is. */
export function ReadingCard({ sighting }: { sighting: Sighting }) {
  return (
    <div className={classes.card}>
      <div className={classes.head}>
        {sighting.crop_url !== null && (
          <img
            className={classes.crop}
            src={sighting.crop_url}
            alt={`Cut-out of the plate ${shownPlate(sighting)}`}
          />
        )}
        <div className={classes.text}>
          <PlateBadge
            text={shownPlate(sighting)}
            region={sighting.region}
            regionConfidence={sighting.region_confidence}
            isUnsure={sighting.is_unsure}
            size="lg"
          />
          {!isTyped(sighting) && <Confidence value={sighting.confidence} />}
        </div>
      </div>
      <CharacterConfidence characters={sighting.characters} />
    </div>
  );
}
