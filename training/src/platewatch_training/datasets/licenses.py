"""Under what licence each folder of `train/` and `vehicles/` may be used; a model's card names them."""

from __future__ import annotations

from typing import Final

from platewatch_training.datasets.labels import DatasetError

_LICENSES: Final = {
    "au_act": "MIT (realmadrid/license-plate-reader)",
    "cn_lprnet": "Apache-2.0 (sirius-ai/LPRNet_Pytorch)",
    "cn_yhmh": "MIT (yhmh/ChineseCarPlateDB)",
    "coco128": "annotations CC BY 4.0 (COCO), images under the terms of Flickr",
    "es_uc3m": "ODbL (sample of UC3M-LP)",
    "exp_plates": "MIT (Roboflow, experiment-plates)",
    "highway": "CC BY 4.0 (Roboflow, highway-object-detection)",
    "id_scan": "CC BY 4.0 (Roboflow, scan-plat-nomor-kendaraan)",
    "kaggle433": "CC0 as stated there (Kaggle, andrewmvd/car-plate-detection)",
    "oi_lp": "images CC BY 2.0, annotations CC BY 4.0 (Open Images, subset by Roboflow)",
    "openimages": "CC BY (Open Images, by Roboflow)",
    "pk_phone": "Apache-2.0 (faisalthaheem/open-lpr-dataset-plate-detection)",
    "pl_phone": "MIT (2acholsk1/car_license_plates_recognizer)",
    "ro_lucian": "MIT (RobertLucian/license-plate-dataset)",
    "traffic_cams": "CC BY 4.0 (Roboflow, atl-version-2)",
    "us_eu_thesis": "CC BY 4.0 (Roboflow)",
    "us_ph_mixed": "CC BY 4.0 as stated there (Roboflow, license-plate-detection-3lgox)",
    "vn_plates": "CC BY 4.0 (Roboflow, license-plate-recognition-rxg4e)",
}


def license_of(folder: str) -> str:
    """The licence of that folder.

    Raises:
        DatasetError: none is known, so that nothing trained on it may be given away.
    """
    if folder not in _LICENSES:
        raise DatasetError(f"No licence of the photos {folder!r} is known. Add it in datasets/licenses.py.")
    return _LICENSES[folder]
