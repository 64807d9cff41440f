package dicommeta

import (
	"slices"
	"sync"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
)

// Level is where an attribute belongs in the hierarchy of PS3.4 C.6: all instances
// of the same patient, study or series have the same value of it.
type Level uint8

// The levels. NoLevel is that of attributes that a Study does not keep.
const (
	NoLevel Level = iota
	InstanceLevel
	SeriesLevel
	StudyLevel
	PatientLevel
)

// String returns the level's name in lower case.
func (l Level) String() string {
	return [...]string{"none", "instance", "series", "study", "patient"}[l]
}

// LevelOf returns the level of an attribute of a whole data set, by the modules of
// PS3.3. A Study keeps its patient's and its own attributes, a Series those
// of the series and the equipment, a Member those of the image, the acquisition, the
// document, the segments and the like; pixels, contours, frame by frame groups and private
// elements are NoLevel.
func LevelOf(t dict.Tag) Level {
	all := levels()
	i, ok := slices.BinarySearchFunc(all, t, func(l leveled, t dict.Tag) int { return compareTags(l.tag, t) })
	if !ok {
		return NoLevel
	}
	return all[i].level
}

// levelCursor finds the levels of tags that come in ascending order, and of others too.
type levelCursor struct{ next int }

func (c *levelCursor) of(t dict.Tag) Level {
	all := levels()
	if c.next > 0 && all[c.next-1].tag >= t { // not in order
		return LevelOf(t)
	}
	for c.next < len(all) && all[c.next].tag < t {
		c.next++
	}
	if c.next < len(all) && all[c.next].tag == t {
		return all[c.next].level
	}
	return NoLevel
}

type leveled struct {
	tag   dict.Tag
	level Level
}

var levels = sync.OnceValue(func() []leveled {
	var all []leveled
	for level, tags := range map[Level][]dict.Tag{
		PatientLevel: patientTags[:], StudyLevel: studyTags[:], SeriesLevel: seriesTags[:], InstanceLevel: instanceTags[:],
	} {
		for _, t := range tags {
			all = append(all, leveled{t, level})
		}
	}
	slices.SortFunc(all, func(a, b leveled) int { return compareTags(a.tag, b.tag) })
	return all
})

// PS3.3 C.7.1.1 Patient, C.7.1.3 Clinical Trial Subject, C.2.2 to C.2.4 of patients.
var patientTags = [...]dict.Tag{
	dict.ReferencedPatientSequence, dict.PatientName, dict.PatientID, dict.IssuerOfPatientID, dict.TypeOfPatientID, dict.IssuerOfPatientIDQualifiersSequence,
	dict.SourcePatientGroupIdentificationSequence, dict.GroupOfPatientsIdentificationSequence, dict.PatientBirthDate, dict.PatientBirthTime,
	dict.PatientBirthDateInAlternativeCalendar, dict.PatientDeathDateInAlternativeCalendar, dict.PatientAlternativeCalendar, dict.PatientSex,
	dict.PatientPrimaryLanguageCodeSequence, dict.QualityControlSubject, dict.StrainDescription, dict.StrainNomenclature, dict.StrainCodeSequence,
	dict.OtherPatientIDs, dict.OtherPatientNames, dict.OtherPatientIDsSequence, dict.PatientBirthName, dict.PatientAddress, dict.PatientMotherBirthName,
	dict.MilitaryRank, dict.BranchOfService, dict.CountryOfResidence, dict.RegionOfResidence, dict.PatientTelephoneNumbers, dict.PatientTelecomInformation,
	dict.EthnicGroup, dict.EthnicGroupCodeSequence, dict.PatientReligiousPreference, dict.PatientSpeciesDescription, dict.PatientSpeciesCodeSequence,
	dict.PatientBreedDescription, dict.PatientBreedCodeSequence, dict.BreedRegistrationSequence, dict.ResponsiblePerson, dict.ResponsiblePersonRole,
	dict.ResponsibleOrganization, dict.PatientComments, dict.ClinicalTrialSponsorName, dict.ClinicalTrialProtocolID, dict.ClinicalTrialProtocolName,
	dict.IssuerOfClinicalTrialProtocolID, dict.OtherClinicalTrialProtocolIDsSequence, dict.ClinicalTrialSiteID, dict.ClinicalTrialSiteName,
	dict.IssuerOfClinicalTrialSiteID, dict.ClinicalTrialSubjectID, dict.IssuerOfClinicalTrialSubjectID, dict.ClinicalTrialSubjectReadingID,
	dict.IssuerOfClinicalTrialSubjectReadingID, dict.PatientIdentityRemoved, dict.DeidentificationMethod, dict.DeidentificationMethodCodeSequence,
	dict.ClinicalTrialProtocolEthicsCommitteeName, dict.ClinicalTrialProtocolEthicsCommitteeApprovalNumber,
}

// PS3.3 C.7.2.1 General Study, C.7.2.2 Patient Study, C.7.2.3 Clinical Trial Study,
// what PS3.4 C.6 counts a study by, and the visit of C.3.2 to C.3.5.
var studyTags = [...]dict.Tag{
	dict.StudyDate, dict.StudyTime, dict.AccessionNumber, dict.IssuerOfAccessionNumberSequence, dict.ModalitiesInStudy, dict.SOPClassesInStudy,
	dict.AnatomicRegionsInStudyCodeSequence, dict.ReferringPhysicianName, dict.ReferringPhysicianIdentificationSequence, dict.ConsultingPhysicianName,
	dict.ConsultingPhysicianIdentificationSequence, dict.TimezoneOffsetFromUTC, dict.StudyDescription, dict.ProcedureCodeSequence, dict.PhysiciansOfRecord,
	dict.PhysiciansOfRecordIdentificationSequence, dict.NameOfPhysiciansReadingStudy, dict.PhysiciansReadingStudyIdentificationSequence,
	dict.AdmittingDiagnosesDescription, dict.AdmittingDiagnosesCodeSequence, dict.ReferencedStudySequence, dict.PrincipalDiagnosisCodeSequence,
	dict.PrimaryDiagnosisCodeSequence, dict.SecondaryDiagnosesCodeSequence, dict.HistologicalDiagnosesCodeSequence, dict.PatientAge, dict.PatientSize,
	dict.PatientSizeCodeSequence, dict.PatientBodyMassIndex, dict.PatientWeight, dict.MedicalAlerts, dict.Allergies, dict.Occupation, dict.SmokingStatus,
	dict.AdditionalPatientHistory, dict.PregnancyStatus, dict.LastMenstrualDate, dict.PatientSexNeutered, dict.ClinicalTrialTimePointID,
	dict.ClinicalTrialTimePointDescription, dict.LongitudinalTemporalOffsetFromEvent, dict.LongitudinalTemporalEventType,
	dict.ClinicalTrialTimePointTypeCodeSequence, dict.IssuerOfClinicalTrialTimePointID, dict.ConsentForClinicalTrialUseSequence, dict.StudyInstanceUID,
	dict.StudyID, dict.NumberOfStudyRelatedSeries, dict.NumberOfStudyRelatedInstances, dict.LongitudinalTemporalInformationModified, dict.RequestingPhysician,
	dict.RequestingService, dict.RequestingServiceCodeSequence, dict.RequestedProcedureDescription, dict.RequestedProcedureCodeSequence, dict.ReasonForVisit,
	dict.ReasonForVisitCodeSequence, dict.AdmissionID, dict.IssuerOfAdmissionID, dict.IssuerOfAdmissionIDSequence, dict.AdmittingDate, dict.AdmittingTime,
	dict.ServiceEpisodeID, dict.ServiceEpisodeDescription, dict.IssuerOfServiceEpisodeIDSequence, dict.CurrentPatientLocation, dict.PatientInstitutionResidence,
	dict.PatientState, dict.VisitComments, dict.ReasonForPerformedProcedureCodeSequence,
}

// PS3.3 C.7.3.1 General Series, C.7.3.2 Clinical Trial Series, C.7.5.1 General Equipment,
// C.8.9.1 and C.8.9.2 PET Series and PET Isotope.
var seriesTags = [...]dict.Tag{
	dict.SeriesDate, dict.SeriesTime, dict.Modality, dict.PresentationIntentType, dict.Manufacturer, dict.InstitutionName, dict.InstitutionAddress,
	dict.StationName, dict.SeriesDescription, dict.SeriesDescriptionCodeSequence, dict.InstitutionalDepartmentName,
	dict.InstitutionalDepartmentTypeCodeSequence, dict.PerformingPhysicianName, dict.PerformingPhysicianIdentificationSequence, dict.OperatorsName,
	dict.OperatorIdentificationSequence, dict.ManufacturerModelName, dict.ReferencedPerformedProcedureStepSequence, dict.RelatedSeriesSequence,
	dict.AnatomicalOrientationType, dict.ClinicalTrialCoordinatingCenterName, dict.ClinicalTrialSeriesID, dict.ClinicalTrialSeriesDescription,
	dict.IssuerOfClinicalTrialSeriesID, dict.BodyPartExamined, dict.DeviceSerialNumber, dict.DeviceUID, dict.GantryID, dict.UDISequence,
	dict.ManufacturerDeviceClassUID, dict.SoftwareVersions, dict.ProtocolName, dict.SpatialResolution, dict.DateOfLastCalibration, dict.TimeOfLastCalibration,
	dict.DateOfManufacture, dict.DateOfInstallation, dict.PatientPosition, dict.SeriesInstanceUID, dict.SeriesNumber, dict.Laterality,
	dict.NumberOfSeriesRelatedInstances, dict.CorrectedImage, dict.PerformedProcedureStepStartDate, dict.PerformedProcedureStepStartTime,
	dict.PerformedProcedureStepEndDate, dict.PerformedProcedureStepEndTime, dict.PerformedProcedureStepID, dict.PerformedProcedureStepDescription,
	dict.PerformedProtocolCodeSequence, dict.RequestAttributesSequence, dict.CommentsOnThePerformedProcedureStep, dict.RadiopharmaceuticalInformationSequence,
	dict.NumberOfRRIntervals, dict.NumberOfTimeSlots, dict.NumberOfSlices, dict.NumberOfTimeSlices, dict.SeriesType, dict.Units, dict.CountsSource,
	dict.SUVType, dict.RandomsCorrectionMethod, dict.AttenuationCorrectionMethod, dict.DecayCorrection, dict.ReconstructionMethod, dict.ScatterCorrectionMethod,
	dict.TreatmentSessionUID,
}

// What a Member keeps of PS3.3 C.7.6 (images), C.7.6.16 (frames in common), C.8 (modalities),
// C.12.1 SOP Common, C.17 (documents) and of segmentations, structure sets and annotations.
var instanceTags = [...]dict.Tag{
	dict.ImageType, dict.InstanceCreationDate, dict.InstanceCreationTime, dict.SOPClassUID, dict.AcquisitionUID, dict.SOPInstanceUID,
	dict.RelatedGeneralSOPClassUID, dict.OriginalSpecializedSOPClassUID, dict.SyntheticData, dict.AcquisitionDate, dict.ContentDate, dict.AcquisitionDateTime,
	dict.AcquisitionTime, dict.ContentTime, dict.CodingSchemeIdentificationSequence, dict.ReferencedSeriesSequence, dict.ReferencedWaveformSequence,
	dict.ReferencedImageSequence, dict.ReferencedInstanceSequence, dict.RetrieveURL, dict.StudiesContainingOtherReferencedInstancesSequence,
	dict.DerivationDescription, dict.SourceImageSequence, dict.AnatomicRegionSequence, dict.AnatomicRegionModifierSequence,
	dict.PrimaryAnatomicStructureSequence, dict.PrimaryAnatomicStructureModifierSequence, dict.IrradiationEventUID, dict.VolumetricProperties,
	dict.DerivationCodeSequence, dict.ContrastBolusAgent, dict.ContrastBolusAgentSequence, dict.ContrastBolusAdministrationRouteSequence, dict.ScanningSequence,
	dict.SequenceVariant, dict.ScanOptions, dict.MRAcquisitionType, dict.SequenceName, dict.AngioFlag, dict.CineRate, dict.SliceThickness, dict.KVP,
	dict.CountsAccumulated, dict.RepetitionTime, dict.EchoTime, dict.InversionTime, dict.NumberOfAverages, dict.ImagingFrequency, dict.ImagedNucleus,
	dict.EchoNumbers, dict.MagneticFieldStrength, dict.SpacingBetweenSlices, dict.NumberOfPhaseEncodingSteps, dict.DataCollectionDiameter, dict.EchoTrainLength,
	dict.PercentSampling, dict.PercentPhaseFieldOfView, dict.PixelBandwidth, dict.ContrastBolusRoute, dict.ContrastBolusVolume, dict.ContrastBolusStartTime,
	dict.ContrastBolusStopTime, dict.ContrastBolusTotalDose, dict.ContrastFlowRate, dict.ContrastFlowDuration, dict.ContrastBolusIngredient,
	dict.ContrastBolusIngredientConcentration, dict.TriggerTime, dict.FrameTime, dict.HeartRate, dict.ReconstructionDiameter, dict.DistanceSourceToDetector,
	dict.DistanceSourceToPatient, dict.GantryDetectorTilt, dict.TableHeight, dict.RotationDirection, dict.ExposureTime, dict.XRayTubeCurrent, dict.Exposure,
	dict.ExposureInuAs, dict.ImageAndFluoroscopyAreaDoseProduct, dict.FilterType, dict.ImagerPixelSpacing, dict.Grid, dict.GeneratorPower, dict.FocalSpots,
	dict.AnodeTargetMaterial, dict.BodyPartThickness, dict.CompressionForce, dict.ConvolutionKernel, dict.ActualFrameDuration, dict.ReceiveCoilName,
	dict.TransmitCoilName, dict.WaterEquivalentDiameter, dict.AcquisitionMatrix, dict.InPlanePhaseEncodingDirection, dict.FlipAngle, dict.VariableFlipAngleFlag,
	dict.SAR, dict.RelativeXRayExposure, dict.ExposureIndex, dict.TargetExposureIndex, dict.DeviationIndex, dict.PositionerType, dict.PositionerPrimaryAngle,
	dict.PositionerSecondaryAngle, dict.NominalScannedPixelSpacing, dict.TransducerData, dict.ProcessingFunction, dict.MechanicalIndex, dict.BoneThermalIndex,
	dict.SoftTissueThermalIndex, dict.ViewPosition, dict.SequenceOfUltrasoundRegions, dict.TransducerFrequency, dict.TransducerType, dict.DetectorType,
	dict.DetectorID, dict.FilterMaterial, dict.ExposureTimeInuS, dict.XRayTubeCurrentInuA, dict.ContentQualification, dict.PulseSequenceName,
	dict.DiffusionBValue, dict.DiffusionGradientOrientation, dict.MRDiffusionSequence, dict.RevolutionTime, dict.SingleCollimationWidth,
	dict.TotalCollimationWidth, dict.TableSpeed, dict.TableFeedPerRotation, dict.SpiralPitchFactor, dict.ExposureModulationType, dict.EstimatedDoseSaving,
	dict.ContrastBolusIngredientCodeSequence, dict.CTDIvol, dict.CTDIPhantomTypeCodeSequence, dict.MultienergyCTAcquisition, dict.ContributingEquipmentSequence,
	dict.AcquisitionNumber, dict.InstanceNumber, dict.PatientOrientation, dict.ImagePositionPatient, dict.ImageOrientationPatient, dict.FrameOfReferenceUID,
	dict.ImageLaterality, dict.TemporalPositionIdentifier, dict.NumberOfTemporalPositions, dict.TemporalResolution, dict.ImagesInAcquisition,
	dict.PositionReferenceIndicator, dict.SliceLocation, dict.ImageComments, dict.FrameLaterality, dict.DimensionOrganizationType, dict.SamplesPerPixel,
	dict.PhotometricInterpretation, dict.PlanarConfiguration, dict.NumberOfFrames, dict.Rows, dict.Columns, dict.PixelSpacing, dict.PixelAspectRatio,
	dict.BitsAllocated, dict.BitsStored, dict.HighBit, dict.PixelRepresentation, dict.QualityControlImage, dict.BurnedInAnnotation,
	dict.RecognizableVisualFeatures, dict.WindowCenter, dict.WindowWidth, dict.RescaleIntercept, dict.RescaleSlope, dict.RescaleType,
	dict.LossyImageCompression, dict.LossyImageCompressionRatio, dict.LossyImageCompressionMethod, dict.NumberOfWaveformChannels, dict.EntranceDose,
	dict.OrganDose, dict.ContainerIdentifier, dict.IssuerOfTheContainerIdentifierSequence, dict.ContainerTypeCodeSequence, dict.AcquisitionContextSequence,
	dict.SpecimenDescriptionSequence, dict.EntranceDoseInmGy, dict.ValueType, dict.ConceptNameCodeSequence, dict.ContinuityOfContent,
	dict.VerifyingObserverSequence, dict.AuthorObserverSequence, dict.ParticipantSequence, dict.CustodialOrganizationSequence,
	dict.PredecessorDocumentsSequence, dict.ReferencedRequestSequence, dict.PerformedProcedureCodeSequence, dict.CurrentRequestedProcedureEvidenceSequence,
	dict.PertinentOtherEvidenceSequence, dict.CompletionFlag, dict.CompletionFlagDescription, dict.VerificationFlag, dict.PreliminaryFlag,
	dict.ContentTemplateSequence, dict.IdenticalDocumentsSequence, dict.ContentSequence, dict.RetrieveURI, dict.DocumentTitle,
	dict.MIMETypeOfEncapsulatedDocument, dict.EncapsulatedDocumentLength, dict.ImagedVolumeWidth, dict.ImagedVolumeHeight, dict.ImagedVolumeDepth,
	dict.TotalPixelMatrixColumns, dict.TotalPixelMatrixRows, dict.SpecimenLabelInImage, dict.FocusMethod, dict.ExtendedDepthOfField, dict.OpticalPathSequence,
	dict.NumberOfOpticalPaths, dict.TotalPixelMatrixFocalPlanes, dict.ViewCodeSequence, dict.FrameReferenceTime, dict.DecayFactor, dict.DoseCalibrationFactor,
	dict.ScatterFractionFactor, dict.ImageIndex, dict.SegmentationType, dict.SegmentSequence, dict.SegmentationFractionalType, dict.AnnotationCoordinateType,
	dict.AnnotationGroupSequence, dict.ContentLabel, dict.ContentDescription, dict.PresentationCreationDate, dict.PresentationCreationTime,
	dict.ContentCreatorName, dict.ContentCreatorIdentificationCodeSequence, dict.InstanceOriginStatus, dict.PresentationLUTShape, dict.DoseUnits, dict.DoseType,
	dict.DoseSummationType, dict.DoseGridScaling, dict.StructureSetLabel, dict.StructureSetName, dict.StructureSetDescription, dict.StructureSetDate,
	dict.StructureSetTime, dict.ReferencedFrameOfReferenceSequence, dict.StructureSetROISequence, dict.RTROIObservationsSequence, dict.RTPlanLabel,
	dict.RTPlanName, dict.RTPlanDate, dict.RTPlanTime, dict.RTPlanGeometry, dict.PrescriptionDescription, dict.FractionGroupSequence,
	dict.ReferencedRTPlanSequence, dict.ReferencedStructureSetSequence, dict.ApprovalStatus, dict.ReviewDate, dict.ReviewTime, dict.ReviewerName,
	dict.SharedFunctionalGroupsSequence,
}
