"""Files as other systems write them: the header as it is published, the rows made up."""

from __future__ import annotations

import csv
import io

XERO = (
    "*ContactName,AccountNumber,EmailAddress,FirstName,LastName,POAttentionTo,POAddressLine1,"
    "POAddressLine2,POAddressLine3,POAddressLine4,POCity,PORegion,POPostalCode,POCountry,"
    "SAAttentionTo,SAAddressLine1,SAAddressLine2,SAAddressLine3,SAAddressLine4,SACity,SARegion,"
    "SAPostalCode,SACountry,PhoneNumber,FaxNumber,MobileNumber,DDINumber,SkypeName,BankAccountName,"
    "BankAccountNumber,BankAccountParticulars,TaxNumber,AccountsReceivableTaxCodeName,"
    "AccountsPayableTaxCodeName,Website,LegalName,Discount,CompanyNumber,DueDateBillDay,"
    "DueDateBillTerm,DueDateSalesDay,DueDateSalesTerm,SalesAccount,PurchasesAccount,TrackingName1,"
    "SalesTrackingOption1,PurchasesTrackingOption1,TrackingName2,SalesTrackingOption2,"
    "PurchasesTrackingOption2,BrandingTheme,DefaultTaxBills,DefaultTaxSales,Person1FirstName,"
    "Person1LastName,Person1Email,Person1IncludeInEmail,Person2FirstName,Person2LastName,"
    "Person2Email,Person2IncludeInEmail"
)
GOOGLE = (
    "First Name,Middle Name,Last Name,Phonetic First Name,Phonetic Middle Name,Phonetic Last Name,"
    "Name Prefix,Name Suffix,Nickname,File As,Organization Name,Organization Title,"
    "Organization Department,Birthday,Notes,Photo,Labels,E-mail 1 - Label,E-mail 1 - Value,"
    "E-mail 2 - Label,E-mail 2 - Value,Phone 1 - Label,Phone 1 - Value,Address 1 - Label,"
    "Address 1 - Formatted,Address 1 - Street,Address 1 - City,Address 1 - PO Box,"
    "Address 1 - Region,Address 1 - Postal Code,Address 1 - Country,Address 1 - Extended Address,"
    "Website 1 - Label,Website 1 - Value"
)
OUTLOOK = (
    "First Name,Middle Name,Last Name,Title,Suffix,Initials,Web Page,Gender,Birthday,Anniversary,"
    "Location,Language,Internet Free Busy,Notes,E-mail Address,E-mail 2 Address,E-mail 3 Address,"
    "Primary Phone,Home Phone,Home Phone 2,Mobile Phone,Pager,Home Fax,Home Address,Home Street,"
    "Home Street 2,Home Street 3,Home Address PO Box,Home City,Home State,Home Postal Code,"
    "Home Country,Spouse,Children,Manager's Name,Assistant's Name,Referred By,Company Main Phone,"
    "Business Phone,Business Phone 2,Business Fax,Assistant's Phone,Company,Job Title,Department,"
    "Office Location,Organizational ID Number,Profession,Account,Business Address,Business Street,"
    "Business Street 2,Business Street 3,Business Address PO Box,Business City,Business State,"
    "Business Postal Code,Business Country,Other Phone,Other Fax,Categories"
)
OUTLOOK_FR = (
    "Titre,Prénom,Deuxième prénom,Nom,Suffixe,Société,Service,Titre,Rue (bureau),Rue (bureau) 2,"
    "Rue (bureau) 3,Ville (bureau),Dép/Région (bureau),Code postal (bureau),Pays/Région (bureau),"
    "Rue (domicile),Ville (domicile),Téléphone (bureau),Tél. mobile,Adresse de messagerie,"
    "Catégories"
)
SHOPIFY = (
    "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address Company,"
    "Default Address Address1,Default Address Address2,Default Address City,"
    "Default Address Province Code,Default Address Country Code,Default Address Zip,"
    "Default Address Phone,Phone,Accepts SMS Marketing,Total Spent,Total Orders,Note,Tax Exempt,"
    "Tags"
)
SAGE50 = (
    "Customer ID,Customer Name,Prospect,Inactive,Bill to Contact First Name,"
    "Bill to Contact Last Name,Bill to Address-Line One,Bill to Address-Line Two,Bill to City,"
    "Bill to State,Bill to Zip,Bill to Country,Bill to Sales Tax ID,Ship to Address 1-Line One,"
    "Ship to Address 1-Line Two,Ship to City 1,Ship to State 1,Ship to Zip 1,Ship to Country 1,"
    "Telephone 1,Telephone 2,Fax Number,Customer E-mail,Resale Number"
)


def written(header: str, *rows: dict[str, str], before: str = "", after: str = "") -> str:
    """A CSV of these columns."""
    file = io.StringIO()
    names = next(csv.reader([header]))
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(names)
    for row in rows:
        unknown = row.keys() - {*names}
        assert not unknown, unknown
        writer.writerow([row.get(name, "") for name in names])
    return before + file.getvalue() + after


def _place(street: str, city: str, region: str, zip_code: str, country: str) -> dict[str, str]:
    values = ("1 rue A", "Québec", "QC", "G1K 4A1", "Canada")
    return dict(zip((street, city, region, zip_code, country), values, strict=True))


FILES = {
    "quickbooks": written(
        "Customer full name,Phone numbers,Email,Full name,Bill address,Ship address",
        {
            "Customer full name": "Atelier Doyon inc.",
            "Phone numbers": "Phone:(418) 555-0101 Mobile:(418) 555-0102",
            "Email": "compta@doyon.example",
            "Full name": "Luc Doyon",
            "Bill address": "1 rue A\nQuébec QC  G1K 4A1",
            "Ship address": "2 rue B\nLévis QC  G6V 6R1",
        },
        before='"Imprimerie Exemple inc.",,,,,\nCustomer Contact List,,,,,\n\n',
        after='\n\n" Wednesday, September 30, 2026 01:46 PM GMT-04:00",,,,,\n',
    ),
    "sage50": written(
        SAGE50,
        {
            "Customer ID": "DOYON",
            "Customer Name": "Atelier Doyon inc.",
            "Prospect": "FALSE",
            "Inactive": "FALSE",
            "Bill to Contact First Name": "Luc",
            "Bill to Contact Last Name": "Doyon",
            **_place(
                "Bill to Address-Line One",
                "Bill to City",
                "Bill to State",
                "Bill to Zip",
                "Bill to Country",
            ),
            "Telephone 1": "418-555-0101",
            "Customer E-mail": "compta@doyon.example",
        },
    ),
    "hubspot": written(
        "Record ID,Company name,Company owner,Create Date,Phone Number,City,Country/Region,"
        "Industry,State/Region,Postal Code,Street Address,Street Address 2,Website URL,"
        "Company Domain Name,"
        "Description",
        {
            "Record ID": "9001",
            "Company name": "Atelier Doyon inc.",
            "Phone Number": "+1 418-555-0101",
            **_place("Street Address", "City", "State/Region", "Postal Code", "Country/Region"),
            "Company Domain Name": "doyon.example",
        },
    ),
    "shopify": written(
        SHOPIFY,
        {
            "Customer ID": "'7001",
            "First Name": "Luc",
            "Last Name": "Doyon",
            "Email": "compta@doyon.example",
            "Default Address Company": "Atelier Doyon inc.",
            **_place(
                "Default Address Address1",
                "Default Address City",
                "Default Address Province Code",
                "Default Address Zip",
                "Default Address Country Code",
            ),
            "Default Address Phone": "'+14185550101",
            "Tags": "vip, gros",
        },
    ),
    "odoo": written(
        "External ID,Complete Name,Related Company,Street,Street2,City,State,Zip,Country,Phone,"
        "Email,Website,Reference,Tags,Tax ID",
        {
            "External ID": "__export__.res_partner_7",
            "Complete Name": "Atelier Doyon inc.",
            **_place("Street", "City", "State", "Zip", "Country"),
            "State": "Quebec (CA)",
            "Phone": "+1 418-555-0101",
            "Email": "compta@doyon.example",
            "Reference": "DOYON",
        },
        {
            "External ID": "__export__.res_partner_8",
            "Complete Name": "Atelier Doyon inc., Luc",
            "Related Company": "Atelier Doyon inc.",
        },
    ),
    "salesforce": written(
        "Id,IsDeleted,Name,Type,ParentId,BillingStreet,BillingCity,BillingState,BillingPostalCode,"
        "BillingCountry,ShippingStreet,ShippingCity,ShippingState,ShippingPostalCode,"
        "ShippingCountry,Phone,Fax,AccountNumber,Website,Industry,Description",
        {
            "Id": "001000000000001AAA",
            "IsDeleted": "0",
            "Name": "Atelier Doyon inc.",
            **_place(
                "BillingStreet",
                "BillingCity",
                "BillingState",
                "BillingPostalCode",
                "BillingCountry",
            ),
            "Phone": "(418) 555-0101",
        },
    ),
    "xero": written(
        XERO,
        {
            "*ContactName": "Atelier Doyon inc.",
            "AccountNumber": "DOYON",
            "EmailAddress": "compta@doyon.example",
            "FirstName": "Luc",
            "LastName": "Doyon",
            **_place("POAddressLine1", "POCity", "PORegion", "POPostalCode", "POCountry"),
            "PhoneNumber": "1 418 555-0101",
            "Person1FirstName": "Anne",
            "Person1LastName": "Roy",
            "Person1Email": "anne@doyon.example",
        },
    ),
    "google": written(
        GOOGLE,
        {
            "First Name": "Luc",
            "Last Name": "Doyon",
            "Organization Name": "Atelier Doyon inc.",
            "Labels": "Clients ::: * myContacts",
            "E-mail 1 - Value": "compta@doyon.example ::: luc@doyon.example",
            "Phone 1 - Value": "418 555-0101",
            **_place(
                "Address 1 - Street",
                "Address 1 - City",
                "Address 1 - Region",
                "Address 1 - Postal Code",
                "Address 1 - Country",
            ),
        },
    ),
    "outlook": written(
        OUTLOOK,
        {
            "First Name": "Luc",
            "Last Name": "Doyon",
            "Company": "Atelier Doyon inc.",
            "E-mail Address": "compta@doyon.example",
            "Business Phone": "(418) 555-0101",
            **_place(
                "Business Street",
                "Business City",
                "Business State",
                "Business Postal Code",
                "Business Country",
            ),
            "Categories": "Clients;VIP",
        },
    ),
    "outlook-fr": written(
        OUTLOOK_FR,
        {
            "Prénom": "Luc",
            "Nom": "Doyon",
            "Société": "Atelier Doyon inc.",
            "Adresse de messagerie": "compta@doyon.example",
            "Téléphone (bureau)": "(418) 555-0101",
            **_place(
                "Rue (bureau)",
                "Ville (bureau)",
                "Dép/Région (bureau)",
                "Code postal (bureau)",
                "Pays/Région (bureau)",
            ),
        },
    ),
    "dolibarr": written(
        "Nom,Code client,Client,Adresse,Code postal,Ville,Département/Canton,Code pays,Téléphone,"
        "Email,Note (privée)",
        {
            "Nom": "Atelier Doyon inc.",
            "Code client": "DOYON",
            "Client": "1",
            **_place("Adresse", "Ville", "Département/Canton", "Code postal", "Code pays"),
            "Code pays": "CA",
            "Téléphone": "418 555-0101",
            "Email": "compta@doyon.example",
        },
        {"Nom": "Papier Exemple", "Client": "0"},
    ),
    "northwind": written(
        "CustomerID,CompanyName,ContactName,ContactTitle,Address,City,Region,PostalCode,Country,"
        "Phone,Fax",
        {
            "CustomerID": "DOYON",
            "CompanyName": "Atelier Doyon inc.",
            "ContactName": "Luc Doyon",
            **_place("Address", "City", "Region", "PostalCode", "Country"),
            "Phone": "418 555-0101",
        },
    ),
}


def _translated(source: str, names: dict[str, str]) -> str:
    """The file of a system with other names for its columns."""
    lines = FILES[source].split("\n")
    place = next(place for place, line in enumerate(lines) if next(iter(names)) in line.split(","))
    columns = lines[place].split(",")
    assert names.keys() <= {*columns}
    lines[place] = ",".join(names.get(column, column) for column in columns)
    return "\n".join(lines)


FILES |= {
    "quickbooks-fr": _translated(
        "quickbooks",
        {
            "Customer full name": "Nom complet du client",
            "Phone numbers": "Numéros de téléphone",
            "Email": "Courriel",
            "Full name": "Nom complet",
            "Bill address": "Adresse de facturation",
            "Ship address": "Adresse de livraison",
        },
    ).replace("Phone:", "Téléphone:"),
    "quickbooks-desktop": written(
        "Active Status,Customer,Balance,Balance Total,Company,Mr./Ms./...,First Name,M.I.,"
        "Last Name,Primary Contact,Main Phone,Fax,Alt. Phone,Secondary Contact,Job Title,"
        "Main Email,Bill to 1,Bill to 2,Bill to 3,Bill to 4,Bill to 5,Ship to 1,Ship to 2,"
        "Ship to 3,Ship to 4,Ship to 5,Customer Type,Terms,Rep,Sales Tax Code,Tax item,"
        "Resale Num,Account No.,Credit Limit,Job Status,Job Type,Job Description,Start Date,"
        "Projected End,End Date,Note",
        {
            "Active Status": "Active",
            "Customer": "Atelier Doyon inc.",
            "Company": "Atelier Doyon inc.",
            "Primary Contact": "Luc Doyon",
            "Main Phone": "418-555-0101",
            "Main Email": "compta@doyon.example",
            "Bill to 1": "Atelier Doyon inc.",
            "Bill to 2": "1 rue A",
            "Bill to 3": "Québec QC G1K 4A1",
            "Bill to 4": "Canada",
        },
    ),
    "sage50-ca": written(
        "Name,Contact,Street 1,Street 2,City,Province,Postal Code,Country,Phone 1,Phone 2,Fax,"
        "E-mail,Web Site,Inactive",
        {
            "Name": "Atelier Doyon inc.",
            "Contact": "Luc Doyon",
            **_place("Street 1", "City", "Province", "Postal Code", "Country"),
            "Phone 1": "418-555-0101",
            "Inactive": "No",
        },
    ),
    "hubspot-fr": _translated(
        "hubspot",
        {
            "Record ID": "ID de fiche d'informations",
            "Company name": "Nom de l'entreprise",
            "Phone Number": "Numéro de téléphone",
            "City": "Ville",
            "Country/Region": "Pays/Région",
            "State/Region": "État/Région",
            "Postal Code": "Code postal",
            "Street Address": "Adresse postale",
            "Street Address 2": "Adresse postale 2",
            "Website URL": "URL du site web",
            "Company Domain Name": "Nom de domaine de l'entreprise",
        },
    ),
    "odoo-fr": _translated(
        "odoo",
        {
            "External ID": "ID externe",
            "Complete Name": "Nom complet",
            "Related Company": "Société associée",
            "Street": "Rue",
            "Street2": "Rue 2",
            "City": "Ville",
            "State": "État",
            "Zip": "Code postal",
            "Country": "Pays",
            "Phone": "Téléphone",
            "Website": "Site web",
            "Reference": "Référence",
            "Tags": "Étiquettes",
        },
    ),
    "odoo-names": _translated(
        "odoo",
        {
            "External ID": "id",
            "Complete Name": "name",
            "Related Company": "parent_id",
            "Street": "street",
            "Street2": "street2",
            "City": "city",
            "State": "state_id",
            "Zip": "zip",
            "Country": "country_id",
            "Phone": "phone",
            "Email": "email",
            "Website": "website",
            "Reference": "ref",
            "Tags": "category_id",
        },
    ),
    "salesforce-fr": _translated(
        "salesforce",
        {
            "Id": "ID de compte",
            "Name": "Nom du compte",
            "BillingStreet": "Rue de facturation",
            "BillingCity": "Ville de facturation",
            "BillingState": "État/Province de facturation",
            "BillingPostalCode": "Code postal de facturation",
            "BillingCountry": "Pays de facturation",
            "Phone": "Téléphone",
        },
    ),
}
