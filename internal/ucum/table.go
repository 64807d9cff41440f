package ucum

// atom is one unit of UCUM's tables.
type atom struct {
	code   string
	value  string // how many of unitOf it is
	unitOf string // "" for an arbitrary unit and for a special one that is not converted
	metric bool   // takes prefixes
	base   bool
	// dimension is the place of a base unit.
	dimension int
	offset    string // of a special unit with an origin of its own
}

const metric = true

// atoms are the units of UCUM, §§28-46 of the specification. UCUM is copyright
// Regenstrief Institute, Inc. and The UCUM Organization; see NOTICE.
var atoms = [...]atom{
	{code: "m", metric: metric, base: true, dimension: metre}, {code: "s", metric: metric, base: true, dimension: second},
	{code: "g", metric: metric, base: true, dimension: gram}, {code: "rad", metric: metric, base: true, dimension: radian},
	{code: "K", metric: metric, base: true, dimension: kelvin}, {code: "C", metric: metric, base: true, dimension: coulomb},
	{code: "cd", metric: metric, base: true, dimension: candela},

	// Pure numbers.
	{code: "[pi]", value: "3.1415926535897932384626433832795028841971693993751058209749445923", unitOf: "1"},
	{code: "%", value: "1", unitOf: "10*-2"}, {code: "[ppth]", value: "1", unitOf: "10*-3"}, {code: "[ppm]", value: "1", unitOf: "10*-6"},
	{code: "[ppb]", value: "1", unitOf: "10*-9"}, {code: "[pptr]", value: "1", unitOf: "10*-12"},

	// SI and units used with it.
	{code: "mol", value: "6.0221367", unitOf: "10*23", metric: metric}, {code: "sr", value: "1", unitOf: "rad2", metric: metric},
	{code: "Hz", value: "1", unitOf: "s-1", metric: metric}, {code: "N", value: "1", unitOf: "kg.m/s2", metric: metric},
	{code: "Pa", value: "1", unitOf: "N/m2", metric: metric}, {code: "J", value: "1", unitOf: "N.m", metric: metric},
	{code: "W", value: "1", unitOf: "J/s", metric: metric}, {code: "A", value: "1", unitOf: "C/s", metric: metric},
	{code: "V", value: "1", unitOf: "J/C", metric: metric}, {code: "F", value: "1", unitOf: "C/V", metric: metric},
	{code: "Ohm", value: "1", unitOf: "V/A", metric: metric}, {code: "S", value: "1", unitOf: "Ohm-1", metric: metric},
	{code: "Wb", value: "1", unitOf: "V.s", metric: metric}, {code: "T", value: "1", unitOf: "Wb/m2", metric: metric},
	{code: "H", value: "1", unitOf: "Wb/A", metric: metric}, {code: "lm", value: "1", unitOf: "cd.sr", metric: metric},
	{code: "lx", value: "1", unitOf: "lm/m2", metric: metric}, {code: "Bq", value: "1", unitOf: "s-1", metric: metric},
	{code: "Gy", value: "1", unitOf: "J/kg", metric: metric}, {code: "Sv", value: "1", unitOf: "J/kg", metric: metric},
	{code: "Cel", value: "1", unitOf: "K", metric: metric, offset: "273.15"},
	{code: "gon", value: "0.9", unitOf: "deg"}, {code: "deg", value: "2", unitOf: "[pi].rad/360"}, {code: "'", value: "1", unitOf: "deg/60"},
	{code: "''", value: "1", unitOf: "'/60"}, {code: "l", value: "1", unitOf: "dm3", metric: metric}, {code: "L", value: "1", unitOf: "l", metric: metric},
	{code: "ar", value: "100", unitOf: "m2", metric: metric}, {code: "min", value: "60", unitOf: "s"}, {code: "h", value: "60", unitOf: "min"},
	{code: "d", value: "24", unitOf: "h"}, {code: "a_t", value: "365.24219", unitOf: "d"}, {code: "a_j", value: "365.25", unitOf: "d"},
	{code: "a_g", value: "365.2425", unitOf: "d"}, {code: "a", value: "1", unitOf: "a_j"}, {code: "wk", value: "7", unitOf: "d"},
	{code: "mo_s", value: "29.53059", unitOf: "d"}, {code: "mo_j", value: "1", unitOf: "a_j/12"}, {code: "mo_g", value: "1", unitOf: "a_g/12"},
	{code: "mo", value: "1", unitOf: "mo_j"}, {code: "t", value: "1000", unitOf: "kg", metric: metric}, {code: "bar", value: "100000", unitOf: "Pa", metric: metric},
	{code: "u", value: "1.6605402e-24", unitOf: "g", metric: metric}, {code: "eV", value: "1", unitOf: "[e].V", metric: metric},
	{code: "AU", value: "149597.870691", unitOf: "Mm"}, {code: "pc", value: "3.085678e16", unitOf: "m", metric: metric},

	// Natural constants.
	{code: "[c]", value: "299792458", unitOf: "m/s", metric: metric}, {code: "[h]", value: "6.6260755e-34", unitOf: "J.s", metric: metric},
	{code: "[k]", value: "1.380658e-23", unitOf: "J/K", metric: metric}, {code: "[eps_0]", value: "8.854187817e-12", unitOf: "F/m", metric: metric},
	{code: "[mu_0]", value: "1", unitOf: "4.[pi].10*-7.N/A2", metric: metric}, {code: "[e]", value: "1.60217733e-19", unitOf: "C", metric: metric},
	{code: "[m_e]", value: "9.1093897e-28", unitOf: "g", metric: metric}, {code: "[m_p]", value: "1.6726231e-24", unitOf: "g", metric: metric},
	{code: "[G]", value: "6.67259e-11", unitOf: "m3.kg-1.s-2", metric: metric}, {code: "[g]", value: "9.80665", unitOf: "m/s2", metric: metric},
	{code: "atm", value: "101325", unitOf: "Pa"}, {code: "[ly]", value: "1", unitOf: "[c].a_j", metric: metric},
	{code: "gf", value: "1", unitOf: "g.[g]", metric: metric}, {code: "[lbf_av]", value: "1", unitOf: "[lb_av].[g]"},

	// CGS.
	{code: "Ky", value: "1", unitOf: "cm-1", metric: metric}, {code: "Gal", value: "1", unitOf: "cm/s2", metric: metric},
	{code: "dyn", value: "1", unitOf: "g.cm/s2", metric: metric}, {code: "erg", value: "1", unitOf: "dyn.cm", metric: metric},
	{code: "P", value: "1", unitOf: "dyn.s/cm2", metric: metric}, {code: "Bi", value: "10", unitOf: "A", metric: metric},
	{code: "St", value: "1", unitOf: "cm2/s", metric: metric}, {code: "Mx", value: "1e-8", unitOf: "Wb", metric: metric},
	{code: "G", value: "1e-4", unitOf: "T", metric: metric}, {code: "Oe", value: "250", unitOf: "/[pi].A/m", metric: metric},
	{code: "Gb", value: "1", unitOf: "Oe.cm", metric: metric}, {code: "sb", value: "1", unitOf: "cd/cm2", metric: metric},
	{code: "Lmb", value: "1", unitOf: "cd/cm2/[pi]", metric: metric}, {code: "ph", value: "1e-4", unitOf: "lx", metric: metric},
	{code: "Ci", value: "37000000000", unitOf: "Bq", metric: metric}, {code: "R", value: "2.58e-4", unitOf: "C/kg", metric: metric},
	{code: "RAD", value: "100", unitOf: "erg/g", metric: metric}, {code: "REM", value: "1", unitOf: "RAD", metric: metric},

	// International customary units.
	{code: "[in_i]", value: "2.54", unitOf: "cm"}, {code: "[ft_i]", value: "12", unitOf: "[in_i]"}, {code: "[yd_i]", value: "3", unitOf: "[ft_i]"},
	{code: "[mi_i]", value: "5280", unitOf: "[ft_i]"}, {code: "[fth_i]", value: "6", unitOf: "[ft_i]"}, {code: "[nmi_i]", value: "1852", unitOf: "m"},
	{code: "[kn_i]", value: "1", unitOf: "[nmi_i]/h"}, {code: "[sin_i]", value: "1", unitOf: "[in_i]2"}, {code: "[sft_i]", value: "1", unitOf: "[ft_i]2"},
	{code: "[syd_i]", value: "1", unitOf: "[yd_i]2"}, {code: "[cin_i]", value: "1", unitOf: "[in_i]3"}, {code: "[cft_i]", value: "1", unitOf: "[ft_i]3"},
	{code: "[cyd_i]", value: "1", unitOf: "[yd_i]3"}, {code: "[bf_i]", value: "144", unitOf: "[in_i]3"}, {code: "[cr_i]", value: "128", unitOf: "[ft_i]3"},
	{code: "[mil_i]", value: "0.001", unitOf: "[in_i]"}, {code: "[cml_i]", value: "1", unitOf: "[pi]/4.[mil_i]2"}, {code: "[hd_i]", value: "4", unitOf: "[in_i]"},

	// US survey lengths.
	{code: "[ft_us]", value: "1200", unitOf: "m/3937"}, {code: "[yd_us]", value: "3", unitOf: "[ft_us]"}, {code: "[in_us]", value: "1", unitOf: "[ft_us]/12"},
	{code: "[rd_us]", value: "16.5", unitOf: "[ft_us]"}, {code: "[ch_us]", value: "4", unitOf: "[rd_us]"}, {code: "[lk_us]", value: "1", unitOf: "[ch_us]/100"},
	{code: "[rch_us]", value: "100", unitOf: "[ft_us]"}, {code: "[rlk_us]", value: "1", unitOf: "[rch_us]/100"}, {code: "[fth_us]", value: "6", unitOf: "[ft_us]"},
	{code: "[fur_us]", value: "40", unitOf: "[rd_us]"}, {code: "[mi_us]", value: "8", unitOf: "[fur_us]"}, {code: "[acr_us]", value: "160", unitOf: "[rd_us]2"},
	{code: "[srd_us]", value: "1", unitOf: "[rd_us]2"}, {code: "[smi_us]", value: "1", unitOf: "[mi_us]2"}, {code: "[sct]", value: "1", unitOf: "[mi_us]2"},
	{code: "[twp]", value: "36", unitOf: "[sct]"}, {code: "[mil_us]", value: "0.001", unitOf: "[in_us]"},

	// British imperial lengths.
	{code: "[in_br]", value: "2.539998", unitOf: "cm"}, {code: "[ft_br]", value: "12", unitOf: "[in_br]"}, {code: "[rd_br]", value: "16.5", unitOf: "[ft_br]"},
	{code: "[ch_br]", value: "4", unitOf: "[rd_br]"}, {code: "[lk_br]", value: "1", unitOf: "[ch_br]/100"}, {code: "[fth_br]", value: "6", unitOf: "[ft_br]"},
	{code: "[pc_br]", value: "2.5", unitOf: "[ft_br]"}, {code: "[yd_br]", value: "3", unitOf: "[ft_br]"}, {code: "[mi_br]", value: "5280", unitOf: "[ft_br]"},
	{code: "[nmi_br]", value: "6080", unitOf: "[ft_br]"}, {code: "[kn_br]", value: "1", unitOf: "[nmi_br]/h"}, {code: "[acr_br]", value: "4840", unitOf: "[yd_br]2"},

	// US volumes.
	{code: "[gal_us]", value: "231", unitOf: "[in_i]3"}, {code: "[bbl_us]", value: "42", unitOf: "[gal_us]"}, {code: "[qt_us]", value: "1", unitOf: "[gal_us]/4"},
	{code: "[pt_us]", value: "1", unitOf: "[qt_us]/2"}, {code: "[gil_us]", value: "1", unitOf: "[pt_us]/4"}, {code: "[foz_us]", value: "1", unitOf: "[gil_us]/4"},
	{code: "[fdr_us]", value: "1", unitOf: "[foz_us]/8"}, {code: "[min_us]", value: "1", unitOf: "[fdr_us]/60"}, {code: "[crd_us]", value: "128", unitOf: "[ft_i]3"},
	{code: "[bu_us]", value: "2150.42", unitOf: "[in_i]3"}, {code: "[gal_wi]", value: "1", unitOf: "[bu_us]/8"}, {code: "[pk_us]", value: "1", unitOf: "[bu_us]/4"},
	{code: "[dqt_us]", value: "1", unitOf: "[pk_us]/8"}, {code: "[dpt_us]", value: "1", unitOf: "[dqt_us]/2"}, {code: "[tbs_us]", value: "1", unitOf: "[foz_us]/2"},
	{code: "[tsp_us]", value: "1", unitOf: "[tbs_us]/3"}, {code: "[cup_us]", value: "16", unitOf: "[tbs_us]"}, {code: "[foz_m]", value: "30", unitOf: "mL"},
	{code: "[cup_m]", value: "240", unitOf: "mL"}, {code: "[tsp_m]", value: "5", unitOf: "mL"}, {code: "[tbs_m]", value: "15", unitOf: "mL"},

	// British volumes.
	{code: "[gal_br]", value: "4.54609", unitOf: "l"}, {code: "[pk_br]", value: "2", unitOf: "[gal_br]"}, {code: "[bu_br]", value: "4", unitOf: "[pk_br]"},
	{code: "[qt_br]", value: "1", unitOf: "[gal_br]/4"}, {code: "[pt_br]", value: "1", unitOf: "[qt_br]/2"}, {code: "[gil_br]", value: "1", unitOf: "[pt_br]/4"},
	{code: "[foz_br]", value: "1", unitOf: "[gil_br]/5"}, {code: "[fdr_br]", value: "1", unitOf: "[foz_br]/8"}, {code: "[min_br]", value: "1", unitOf: "[fdr_br]/60"},

	// Weights.
	{code: "[gr]", value: "64.79891", unitOf: "mg"}, {code: "[lb_av]", value: "7000", unitOf: "[gr]"}, {code: "[oz_av]", value: "1", unitOf: "[lb_av]/16"},
	{code: "[dr_av]", value: "1", unitOf: "[oz_av]/16"}, {code: "[scwt_av]", value: "100", unitOf: "[lb_av]"}, {code: "[lcwt_av]", value: "112", unitOf: "[lb_av]"},
	{code: "[ston_av]", value: "20", unitOf: "[scwt_av]"}, {code: "[lton_av]", value: "20", unitOf: "[lcwt_av]"}, {code: "[stone_av]", value: "14", unitOf: "[lb_av]"},
	{code: "[pwt_tr]", value: "24", unitOf: "[gr]"}, {code: "[oz_tr]", value: "20", unitOf: "[pwt_tr]"}, {code: "[lb_tr]", value: "12", unitOf: "[oz_tr]"},
	{code: "[sc_ap]", value: "20", unitOf: "[gr]"}, {code: "[dr_ap]", value: "3", unitOf: "[sc_ap]"}, {code: "[oz_ap]", value: "8", unitOf: "[dr_ap]"},
	{code: "[lb_ap]", value: "12", unitOf: "[oz_ap]"}, {code: "[oz_m]", value: "28", unitOf: "g"},

	// Typesetting.
	{code: "[lne]", value: "1", unitOf: "[in_i]/12"}, {code: "[pnt]", value: "1", unitOf: "[lne]/6"}, {code: "[pca]", value: "12", unitOf: "[pnt]"},
	{code: "[pnt_pr]", value: "0.013837", unitOf: "[in_i]"}, {code: "[pca_pr]", value: "12", unitOf: "[pnt_pr]"}, {code: "[pied]", value: "32.48", unitOf: "cm"},
	{code: "[pouce]", value: "1", unitOf: "[pied]/12"}, {code: "[ligne]", value: "1", unitOf: "[pouce]/12"}, {code: "[didot]", value: "1", unitOf: "[ligne]/6"},
	{code: "[cicero]", value: "12", unitOf: "[didot]"},

	// Heat, pressure and power.
	{code: "[degF]", value: "5", unitOf: "K/9", offset: "459.67"}, {code: "[degR]", value: "5", unitOf: "K/9"}, {code: "[degRe]", value: "5", unitOf: "K/4", offset: "218.52"},
	{code: "cal_[15]", value: "4.1858", unitOf: "J", metric: metric}, {code: "cal_[20]", value: "4.1819", unitOf: "J", metric: metric},
	{code: "cal_m", value: "4.19002", unitOf: "J", metric: metric}, {code: "cal_IT", value: "4.1868", unitOf: "J", metric: metric},
	{code: "cal_th", value: "4.184", unitOf: "J", metric: metric}, {code: "cal", value: "1", unitOf: "cal_th", metric: metric},
	{code: "[Cal]", value: "1", unitOf: "kcal_th"}, {code: "[Btu_39]", value: "1.05967", unitOf: "kJ"}, {code: "[Btu_59]", value: "1.0548", unitOf: "kJ"},
	{code: "[Btu_60]", value: "1.05468", unitOf: "kJ"}, {code: "[Btu_m]", value: "1.05587", unitOf: "kJ"}, {code: "[Btu_IT]", value: "1.05505585262", unitOf: "kJ"},
	{code: "[Btu_th]", value: "1.05435", unitOf: "kJ"}, {code: "[Btu]", value: "1", unitOf: "[Btu_th]"}, {code: "[HP]", value: "550", unitOf: "[ft_i].[lbf_av]/s"},
	{code: "tex", value: "1", unitOf: "g/km", metric: metric}, {code: "[den]", value: "1", unitOf: "g/9/km"},
	{code: "m[H2O]", value: "9.80665", unitOf: "kPa", metric: metric}, {code: "m[Hg]", value: "133.322", unitOf: "kPa", metric: metric},
	{code: "[in_i'H2O]", value: "1", unitOf: "m[H2O].[in_i]/m"}, {code: "[in_i'Hg]", value: "1", unitOf: "m[Hg].[in_i]/m"},
	{code: "[psi]", value: "1", unitOf: "[lbf_av]/[in_i]2"},

	// Clinical units.
	{code: "[PRU]", value: "1", unitOf: "mm[Hg].s/ml"}, {code: "[wood'U]", value: "1", unitOf: "mm[Hg].min/L"}, {code: "[diop]", value: "1", unitOf: "/m"},
	{code: "[MET]", value: "3.5", unitOf: "mL/min/kg"}, {code: "[Ch]", value: "1", unitOf: "mm/3"}, {code: "[drp]", value: "1", unitOf: "ml/20"},
	{code: "[hnsf'U]", value: "1", unitOf: "1"}, {code: "[mesh_i]", value: "1", unitOf: "/[in_i]"}, {code: "[HPF]", value: "1", unitOf: "1"}, {code: "[LPF]", value: "100", unitOf: "1"},
	{code: "[car_Au]", value: "1", unitOf: "/24"}, {code: "[car_m]", value: "0.2", unitOf: "g"}, {code: "[smoot]", value: "67", unitOf: "[in_i]"},
	{code: "[dye'U]", value: "1", unitOf: "1"}, {code: "[hp'_X]"}, {code: "[hp'_C]"}, {code: "[hp'_M]"}, {code: "[hp'_Q]"},

	// Amounts of substance, catalysis, osmosis.
	{code: "eq", value: "1", unitOf: "mol", metric: metric}, {code: "osm", value: "1", unitOf: "mol", metric: metric},
	{code: "g%", value: "1", unitOf: "g/dl", metric: metric}, {code: "kat", value: "1", unitOf: "mol/s", metric: metric},
	{code: "U", value: "1", unitOf: "umol/min", metric: metric}, {code: "[S]", value: "1", unitOf: "10*-13.s"}, {code: "[FEU]", metric: metric},

	// Other.
	{code: "st", value: "1", unitOf: "m3", metric: metric}, {code: "Ao", value: "0.1", unitOf: "nm"}, {code: "b", value: "100", unitOf: "fm2"},
	{code: "att", value: "1", unitOf: "kgf/cm2"}, {code: "mho", value: "1", unitOf: "S", metric: metric}, {code: "circ", value: "2", unitOf: "[pi].rad"},
	{code: "sph", value: "4", unitOf: "[pi].sr"}, {code: "bit", value: "1", unitOf: "1", metric: metric}, {code: "By", value: "8", unitOf: "bit", metric: metric},
	{code: "Bd", value: "1", unitOf: "/s", metric: metric}, {code: "[m/s2/Hz^0.5]"},

	// Special units that only equal themselves.
	{code: "[pH]"}, {code: "Np", metric: metric}, {code: "B", metric: metric}, {code: "B[SPL]", metric: metric}, {code: "B[V]", metric: metric},
	{code: "B[mV]", metric: metric}, {code: "B[uV]", metric: metric}, {code: "B[10.nV]", metric: metric}, {code: "B[W]", metric: metric},
	{code: "B[kW]", metric: metric}, {code: "bit_s"}, {code: "[p'diop]"}, {code: "%[slope]"},

	// Arbitrary units (§25).
	{code: "[iU]", metric: metric}, {code: "[IU]", value: "1", unitOf: "[iU]", metric: metric}, {code: "[arb'U]"}, {code: "[USP'U]"}, {code: "[GPL'U]"},
	{code: "[MPL'U]"}, {code: "[APL'U]"}, {code: "[beth'U]"}, {code: "[anti'Xa'U]"}, {code: "[todd'U]"}, {code: "[smgy'U]"}, {code: "[bdsk'U]"}, {code: "[ka'U]"},
	{code: "[knk'U]"}, {code: "[mclg'U]"}, {code: "[tb'U]"}, {code: "[CCID_50]"}, {code: "[TCID_50]"}, {code: "[EID_50]"}, {code: "[PFU]"}, {code: "[FFU]"},
	{code: "[CFU]"}, {code: "[IR]"}, {code: "[BAU]"}, {code: "[AU]"}, {code: "[Amb'a'1'U]"}, {code: "[PNU]"}, {code: "[Lf]"}, {code: "[D'ag'U]"}, {code: "[ELU]"},
	{code: "[EU]"}, {code: "[Ehrlich'U]"}, {code: "[hp_X]"}, {code: "[hp_C]"}, {code: "[hp_M]"}, {code: "[hp_Q]"}, {code: "[kp_X]"}, {code: "[kp_C]"},
	{code: "[kp_M]"}, {code: "[kp_Q]"}, {code: "[NTU]"}, {code: "[FNU]"},
}
